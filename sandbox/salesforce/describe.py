"""Describes: an object and its fields as the vendor answers them, built from the schema. Pure."""

from typing import Any

from sandbox.salesforce.schema import ENTITIES, ID_TYPES, TEXT_TYPES, Entity, Field
from sandbox.salesforce.settings import INSTANCE_URL

BYTES_PER_CHARACTER = 3
_NUMBER_SOAP = {"int": "xsd:int", "double": "xsd:double", "currency": "xsd:double"}
_SOAP = {"boolean": "xsd:boolean", "datetime": "xsd:dateTime", "date": "xsd:date", **_NUMBER_SOAP}

_FLAGS = {
    "a": "autoNumber",
    "c": "createable",
    "d": "defaultedOnCreate",
    "f": "filterable",
    "g": "groupable",
    "i": "idLookup",
    "n": "nillable",
    "N": "nameField",
    "q": "unique",
    "r": "restrictedPicklist",
    "s": "sortable",
    "u": "updateable",
    "x": "externalId",
}
_NEVER: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("aiPredictionField", "calculated", "cascadeDelete", "caseSensitive", "dependentPicklist"),
            *("deprecatedAndHidden", "displayLocationInDecimal", "encrypted", "formulaTreatNullNumberAsZero"),
            *("highScaleNumber", "htmlFormatted", "queryByDistance", "restrictedDelete", "writeRequiresMasterRead"),
        ),
        False,
    ),
    **dict.fromkeys(
        (
            *("calculatedFormula", "compoundFieldName", "controllerName", "defaultValueFormula", "filteredLookupInfo"),
            *("inlineHelpText", "mask", "maskType", "referenceTargetField", "relationshipOrder"),
        )
    ),
}
"""Attributes no field of this org has."""


def describe_global(version: str) -> dict[str, Any]:
    """Return the answer of /sobjects/: each object in short."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_short(entity, version) for entity in ENTITIES.values()],
    }


def describe_basic(entity: Entity, version: str) -> dict[str, Any]:
    """Return the answer of /sobjects/Case: the object in short, and what was seen lately (nothing)."""
    return {"objectDescribe": _short(entity, version), "recentItems": []}


def describe(entity: Entity, version: str) -> dict[str, Any]:
    """Return the answer of /sobjects/Case/describe."""
    short = _short(entity, version)
    master = {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": "012000000000000AAA",
        "urls": {"layout": f"{short['urls']['sobject']}/describe/layouts/012000000000000AAA"},
    }
    return {
        **short,
        "actionOverrides": [],
        "childRelationships": _children(entity),
        "compactLayoutable": entity.writable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(known) for known in entity.fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [master],
        "searchLayoutable": entity.writable,
        "supportedScopes": [{"label": f"All {entity.plural.lower()}", "name": "everything"}],
    }


def describe_field(known: Field) -> dict[str, Any]:
    """Return one field with every attribute the vendor sends."""
    custom = known.name.endswith("__c")
    polymorphic = len(known.targets) > 1
    body = {
        **_NEVER,
        "aggregatable": known.kind != "boolean" and known.has("f"),
        "byteLength": byte_length(known),
        "custom": custom,
        "defaultValue": False if known.kind == "boolean" else known.default,
        "digits": known.digits,
        "extraTypeInfo": "plaintextarea" if known.kind == "textarea" else None,
        "label": known.label,
        "length": known.length,
        "name": known.name,
        "namePointing": polymorphic,
        "permissionable": custom or (known.has("c") and known.has("n")),
        "picklistValues": [_choice(value, known) for value in known.values],
        "polymorphicForeignKey": polymorphic,
        "precision": known.precision,
        "referenceTo": list(known.targets),
        "relationshipName": known.relationship,
        "scale": known.scale,
        "searchPrefilterable": known.kind == "reference" and not known.has("d"),
        "soapType": soap_type(known),
        "type": known.kind,
    }
    body.update((attribute, known.has(flag)) for flag, attribute in _FLAGS.items())
    return dict(sorted(body.items()))


def byte_length(known: Field) -> int:
    """Return what a field holds in bytes: three per character, except comments of a case."""
    if known.kind in ID_TYPES or known.name in ("Comments", "CommentBody"):
        return known.length
    return known.length * BYTES_PER_CHARACTER if known.kind in TEXT_TYPES else 0


def soap_type(known: Field) -> str:
    """Return the type of a field in XML Schema's words."""
    if known.kind in ID_TYPES:
        return "tns:ID"
    return _SOAP.get(known.kind, "xsd:string")


def _short(entity: Entity, version: str) -> dict[str, Any]:
    path = f"/services/data/v{version}/sobjects/{entity.name}"
    return {
        "activateable": False,
        "createable": entity.writable,
        "custom": False,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": entity.writable,
        "deprecatedAndHidden": False,
        "feedEnabled": entity.name in ("Account", "Case", "Contact", "User"),
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": entity.prefix,
        "label": entity.name if entity.name != "CaseComment" else "Case Comment",
        "labelPlural": entity.plural,
        "layoutable": True,
        "mergeable": entity.name in ("Account", "Contact"),
        "mruEnabled": entity.name in ("Account", "Case", "Contact"),
        "name": entity.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": entity.name != "Organization",
        "undeletable": entity.writable,
        "updateable": True,
        "urls": {
            "describe": f"{path}/describe",
            "rowTemplate": f"{path}/{{ID}}",
            "sobject": path,
            "uiDetailTemplate": f"{INSTANCE_URL}/{{ID}}",
        },
    }


def _children(entity: Entity) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": child == "CaseComment",
            "childSObject": child,
            "deprecatedAndHidden": False,
            "field": name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": relationship,
            "restrictedDelete": False,
        }
        for relationship, (child, name) in entity.children.items()
    ]


def _choice(value: str, known: Field) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": value == known.default,
        "label": value,
        "validFor": None,
        "value": value,
    }
