"""A Salesforce org on the wire: REST, SOQL, Bulk 2.0, OAuth and Outbound Messages, with an org in memory behind it."""
