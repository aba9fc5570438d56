"""Salesforce: Cases read and written over REST and Bulk 2, changes heard of by Outbound Messages."""
