"""The objects of the org and their fields, as a compact table: what describes answer and writes are checked against.

One field per line: name, type, size, flags, then name=value for what is rare.
size: length of text; precision,scale of numbers; relationship name and objects of references ("Contact:Contact").
flags: c createable, u updateable, f filterable, s sortable, g groupable, n nillable, d defaulted on create,
i id lookup, x external id, q unique, r restricted picklist, a auto number, N name field.

Case, Contact and Account are held by a test to the vendor's real describes. CaseComment, FeedItem, User and
Organization follow the vendor's object reference. Fields that end in __c are Harbor Exchange's own.
"""

STATUSES = ("New", "Working", "Escalated", "On Hold", "Closed")
CLOSED_STATUSES = frozenset({"Closed"})
TOPICS = (
    "okb_volatility_2024_01",
    "nem_incident_2018",
    "lever_perpetual_2025_10",
    "delayed_withdrawal",
    "duplicate_charge",
)

_AUDIT = """
CreatedDate datetime - fsd
CreatedById reference CreatedBy:User fsgd
LastModifiedDate datetime - fsd
LastModifiedById reference LastModifiedBy:User fsgd
SystemModstamp datetime - fsd
"""

CASE = f"""
Id id 18 fsgdi
IsDeleted boolean - fsgd
MasterRecordId reference MasterRecord:Case fsgn
CaseNumber string 30 fsdiaN
ContactId reference Contact:Contact cufsgn
AccountId reference Account:Account cufsgn
ParentId reference Parent:Case cufsgn
SuppliedName string 80 cufsgn
SuppliedEmail email 80 cufsgn
SuppliedPhone string 40 cufsgn
SuppliedCompany string 80 cufsgn
Type picklist 40 cufsgn values=Mechanical|Electrical|Electronic|Structural|Other
Status picklist 40 cufsgnd values={"|".join(STATUSES)} default=New
Reason picklist 40 cufsgn values=Installation|Equipment Complexity|Performance|Breakdown|Equipment Design|Feedback|Other
Origin picklist 40 cufsgn values=Phone|Email|Web
Subject string 255 cufsgn
Priority picklist 40 cufsgnd values=High|Medium|Low default=Medium
Description textarea 32000 cun
IsClosed boolean - fsgd
ClosedDate datetime - fsn
IsEscalated boolean - cufsgd
OwnerId reference Owner:Group|User cufsgd
{_AUDIT}
ContactPhone phone 40 fsgn
ContactMobile phone 40 fsgn
ContactEmail email 80 fsgn
ContactFax phone 40 fsgn
Comments textarea 4000 cusn
LastViewedDate datetime - fsn
LastReferencedDate datetime - fsn
Compensation_Topic__c picklist 255 cufsgnr values={"|".join(TOPICS)}
Order_Id__c string 40 cufsgn
Position_Id__c string 40 cufsgn
Transaction_Id__c string 40 cufsgn
Incident_Id__c string 40 cufsgn
Claimed_Amount__c double 18,8 cufsn
Claimed_Asset__c string 12 cufsgn
Zendesk_Ticket_Id__c string 20 cufsgn
Jira_Key__c string 20 cufsgn
MW_State__c string 40 cufsgn
MW_Amount__c string 40 cufsgn
MW_Currency__c string 12 cufsgn
MW_Reason__c string 255 cufsgn
MW_Case_Url__c url 255 cufsgn
MW_Mark__c string 80 cufsgnxi
"""

CONTACT = f"""
Id id 18 fsgdi
IsDeleted boolean - fsgd
MasterRecordId reference MasterRecord:Contact fsgn
AccountId reference Account:Account cufsgn
LastName string 80 cufsg
FirstName string 40 cufsgn
Salutation picklist 40 cufsgn values=Mr.|Ms.|Mrs.|Dr.|Prof.
Name string 121 fsgN
MailingStreet textarea 255 cufsgn
MailingCity string 40 cufsgn
MailingPostalCode string 20 cufsgn
MailingCountry string 80 cufsgn
Phone phone 40 cufsgn
Fax phone 40 cufsgn
MobilePhone phone 40 cufsgn
Email email 80 cufsgni
Title string 128 cufsgn
Department string 80 cufsgn
Description textarea 32000 cun
OwnerId reference Owner:User cufsgd
{_AUDIT}
LastActivityDate date - fsgn
LastViewedDate datetime - fsn
LastReferencedDate datetime - fsn
Customer_Number__c string 20 cufsgnxqi
"""

ACCOUNT = f"""
Id id 18 fsgdi
IsDeleted boolean - fsgd
MasterRecordId reference MasterRecord:Account fsgn
Name string 255 cufsgN
Type picklist 40 cufsgn values=Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|\
Installation Partner|Technology Partner|Other
ParentId reference Parent:Account cufsgn
BillingStreet textarea 255 cufsgn
BillingCity string 40 cufsgn
BillingPostalCode string 20 cufsgn
BillingCountry string 80 cufsgn
Phone phone 40 cufsgn
AccountNumber string 40 cufsgn
Website url 255 cufsgn
AnnualRevenue currency 18,0 cufsn
NumberOfEmployees int 8 cufsgn
Description textarea 32000 cun
OwnerId reference Owner:User cufsgd
{_AUDIT}
LastActivityDate date - fsgn
LastViewedDate datetime - fsn
LastReferencedDate datetime - fsn
Customer_Number__c string 20 cufsgnxqi
"""

CASE_COMMENT = f"""
Id id 18 fsgdi
ParentId reference Parent:Case cfsg
IsPublished boolean - cufsgd
CommentBody textarea 4000 cufsn
{_AUDIT}
IsDeleted boolean - fsgd
"""

FEED_ITEM = """
Id id 18 fsgdi
ParentId reference Parent:Account|Case|Contact|User cfsg
Type picklist 40 cfsgnr values=TextPost|LinkPost|CaseCommentPost|ChangeStatusPost|TrackedChange|CreateRecordEvent
CreatedById reference CreatedBy:User fsgd
CreatedDate datetime - fsd
IsDeleted boolean - fsgd
LastModifiedDate datetime - fsd
SystemModstamp datetime - fsd
CommentCount int 9 fsgd
LikeCount int 9 fsgd
Title string 255 cufsgn
Body textarea 10000 cusn
LinkUrl url 1000 cfsgn
IsRichText boolean - cufsgd
RelatedRecordId reference RelatedRecord:CaseComment cfsgn
InsertedById reference InsertedBy:User fsgd
Visibility picklist 40 cufsgdr values=AllUsers|InternalUsers default=InternalUsers
Status picklist 40 cufsgdr values=Published|PendingReview default=Published
"""

USER = f"""
Id id 18 fsgdi
Username string 80 cufsgi
LastName string 80 cufsg
FirstName string 40 cufsgn
Name string 121 fsgN
Email email 128 cufsgi
Alias string 8 cufsg
IsActive boolean - cufsgd
UserType picklist 40 fsgnr values=Standard|Guest|CspLitePortal
TimeZoneSidKey picklist 40 cufsgr values=UTC|Europe/Lisbon|Asia/Shanghai
LocaleSidKey picklist 40 cufsgr values=en_US|pt_PT|zh_CN
LanguageLocaleKey picklist 40 cufsgr values=en_US|pt_PT|zh_CN
{_AUDIT}
"""

ORGANIZATION = f"""
Id id 18 fsgdi
Name string 80 ufsgN
OrganizationType picklist 40 fsgnr values=Enterprise Edition
IsSandbox boolean - fsgd
InstanceName string 5 fsgn
LanguageLocaleKey picklist 40 ufsgr values=en_US
TimeZoneSidKey picklist 40 ufsgr values=UTC
{_AUDIT}
"""

LABELS = {
    "Account.Description": "Account Description",
    "Account.Name": "Account Name",
    "Account.ParentId": "Parent Account ID",
    "Account.Phone": "Account Phone",
    "Account.Type": "Account Type",
    "BillingPostalCode": "Billing Zip/Postal Code",
    "Case.Origin": "Case Origin",
    "Case.ParentId": "Parent Case ID",
    "Case.Reason": "Case Reason",
    "Case.Type": "Case Type",
    "Comments": "Internal Comments",
    "CommentBody": "Body",
    "Contact.Description": "Contact Description",
    "Contact.Fax": "Business Fax",
    "Contact.Name": "Full Name",
    "Contact.Phone": "Business Phone",
    "IsClosed": "Closed",
    "IsDeleted": "Deleted",
    "IsEscalated": "Escalated",
    "IsPublished": "Published",
    "LastActivityDate": "Last Activity",
    "MailingPostalCode": "Mailing Zip/Postal Code",
    "NumberOfEmployees": "Employees",
    "SuppliedCompany": "Company",
    "SuppliedEmail": "Email Address",
    "SuppliedName": "Name",
    "SuppliedPhone": "Phone",
}
"""Labels that are not the name in words, by field or by object and field."""
