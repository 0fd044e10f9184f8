//! `GET /api/v1/api-docs`: the API as a Swagger 2.0 document, made from one table of what is served.
//!
//! Paths and names are upstream's (`core/controller/src/main/resources/apiv1swagger.json`), so that what was generated
//! from its document fits this one.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::limits::{MAX_LOGS_MB, MAX_MEMORY_MB, MAX_TIMEOUT_MS, MIN_MEMORY_MB, MIN_TIMEOUT_MS};
use crate::gateway::Refusal;
use crate::openwhisk::BODY_LIMIT;

/// One operation: tag, method, path, id, summary, query parameters, body, answers.
struct Operation(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [Query],
    Option<&'static str>,
    &'static [(u16, &'static str)],
);

/// A query parameter: name, type, what it does.
type Query = (&'static str, &'static str, &'static str);

const LIMIT: Query = (
    "limit",
    "integer",
    "Most entries to answer: 0 to 200, 0 means 200.",
);
const SKIP: Query = ("skip", "integer", "How many entries to leave out.");
const COUNT: Query = (
    "count",
    "boolean",
    "Answer how many there are instead of the entries.",
);
const OVERWRITE: Query = ("overwrite", "boolean", "Replace what has this name already.");
const CODE: Query = ("code", "boolean", "Whether the answer has the code.");
const INVOKE: &[Query] = &[
    ("blocking", "boolean", "Wait for the end of the run."),
    ("result", "boolean", "With blocking: answer the bare result."),
    ("timeout", "integer", "Longest time to wait, ms."),
];
const LIST: &[Query] = &[LIMIT, SKIP, COUNT];
const ACTIVATIONS: &[Query] = &[
    (
        "name",
        "string",
        "Only runs of this action: name, or package/name.",
    ),
    LIMIT,
    SKIP,
    (
        "since",
        "integer",
        "Only runs that started at or after this, ms since 1970.",
    ),
    (
        "upto",
        "integer",
        "Only runs that started at or before this, ms since 1970.",
    ),
    ("docs", "boolean", "Whole records instead of summaries."),
    COUNT,
];
const INVOKED: &[(u16, &str)] = &[
    (200, "Activation"),
    (202, "ActivationId"),
    (500, "Activation"),
    (502, "Activation"),
];
/// Whatever a web action answers.
const ANYTHING: &[(u16, &str)] = &[(200, "")];

#[rustfmt::skip]
const OPERATIONS: &[Operation] = &[
    Operation("Namespaces", "get", "/namespaces", "getAllNamespaces", "The namespace of the key", &[], None, &[(200, "[string")]),
    Operation("Namespaces", "get", "/namespaces/{namespace}/limits", "getLimits", "Limits of the namespace", &[], None, &[(200, "Limits")]),
    Operation("Actions", "get", "/namespaces/{namespace}/actions", "getAllActions", "List the actions", LIST, None, &[(200, "[Action")]),
    Operation("Actions", "get", "/namespaces/{namespace}/actions/{actionName}", "getActionByName", "Read an action", &[CODE], None, &[(200, "Action")]),
    Operation("Actions", "put", "/namespaces/{namespace}/actions/{actionName}", "updateAction", "Create or change an action", &[OVERWRITE], Some("Action"), &[(200, "Action")]),
    Operation("Actions", "post", "/namespaces/{namespace}/actions/{actionName}", "invokeAction", "Invoke an action", INVOKE, Some("object"), INVOKED),
    Operation("Actions", "delete", "/namespaces/{namespace}/actions/{actionName}", "deleteAction", "Delete an action", &[], None, &[(200, "Action")]),
    Operation("Actions", "get", "/namespaces/{namespace}/actions/{packageName}/", "getActionsInPackage", "List the actions of a package", LIST, None, &[(200, "[Action")]),
    Operation("Actions", "get", "/namespaces/{namespace}/actions/{packageName}/{actionName}", "getActionInPackageByName", "Read an action of a package", &[CODE], None, &[(200, "Action")]),
    Operation("Actions", "put", "/namespaces/{namespace}/actions/{packageName}/{actionName}", "updateActionInPackage", "Create or change an action of a package", &[OVERWRITE], Some("Action"), &[(200, "Action")]),
    Operation("Actions", "post", "/namespaces/{namespace}/actions/{packageName}/{actionName}", "invokeActionInPackage", "Invoke an action of a package", INVOKE, Some("object"), INVOKED),
    Operation("Actions", "delete", "/namespaces/{namespace}/actions/{packageName}/{actionName}", "deleteActionInPackage", "Delete an action of a package", &[], None, &[(200, "Action")]),
    Operation("Web actions", "get", "/web/{namespace}/{packageName}/{actionName}.{extension}", "getWebAction", "Call a web action", &[], None, ANYTHING),
    Operation("Web actions", "put", "/web/{namespace}/{packageName}/{actionName}.{extension}", "putWebAction", "Call a web action", &[], Some("object"), ANYTHING),
    Operation("Web actions", "post", "/web/{namespace}/{packageName}/{actionName}.{extension}", "postWebAction", "Call a web action", &[], Some("object"), ANYTHING),
    Operation("Web actions", "delete", "/web/{namespace}/{packageName}/{actionName}.{extension}", "deleteWebAction", "Call a web action", &[], None, ANYTHING),
    Operation("Packages", "get", "/namespaces/{namespace}/packages", "getAllPackages", "List the packages", LIST, None, &[(200, "[Package")]),
    Operation("Packages", "get", "/namespaces/{namespace}/packages/{packageName}", "getPackageByName", "Read a package", &[], None, &[(200, "Package")]),
    Operation("Packages", "put", "/namespaces/{namespace}/packages/{packageName}", "updatePackage", "Create or change a package or a binding", &[OVERWRITE], Some("Package"), &[(200, "Package")]),
    Operation("Packages", "delete", "/namespaces/{namespace}/packages/{packageName}", "deletePackage", "Delete a package", &[("force", "boolean", "Delete what is in it as well.")], None, &[(200, "Package")]),
    Operation("Triggers", "get", "/namespaces/{namespace}/triggers", "getAllTriggers", "List the triggers", LIST, None, &[(200, "[Trigger")]),
    Operation("Triggers", "get", "/namespaces/{namespace}/triggers/{triggerName}", "getTriggerByName", "Read a trigger", &[], None, &[(200, "Trigger")]),
    Operation("Triggers", "put", "/namespaces/{namespace}/triggers/{triggerName}", "updateTrigger", "Create or change a trigger", &[OVERWRITE], Some("Trigger"), &[(200, "Trigger")]),
    Operation("Triggers", "post", "/namespaces/{namespace}/triggers/{triggerName}", "fireTrigger", "Fire a trigger", &[], Some("object"), &[(202, "ActivationId"), (204, "")]),
    Operation("Triggers", "delete", "/namespaces/{namespace}/triggers/{triggerName}", "deleteTrigger", "Delete a trigger", &[], None, &[(200, "Trigger")]),
    Operation("Rules", "get", "/namespaces/{namespace}/rules", "getAllRules", "List the rules", LIST, None, &[(200, "[Rule")]),
    Operation("Rules", "get", "/namespaces/{namespace}/rules/{ruleName}", "getRuleByName", "Read a rule", &[], None, &[(200, "Rule")]),
    Operation("Rules", "put", "/namespaces/{namespace}/rules/{ruleName}", "updateRule", "Create or change a rule", &[OVERWRITE], Some("RulePut"), &[(200, "Rule")]),
    Operation("Rules", "post", "/namespaces/{namespace}/rules/{ruleName}", "setState", "Switch a rule on or off", &[], Some("RuleStatus"), &[(200, "")]),
    Operation("Rules", "delete", "/namespaces/{namespace}/rules/{ruleName}", "deleteRule", "Delete a rule", &[], None, &[(200, "Rule")]),
    Operation("Activations", "get", "/namespaces/{namespace}/activations", "getActivations", "List runs, newest first", ACTIVATIONS, None, &[(200, "[Activation")]),
    Operation("Activations", "get", "/namespaces/{namespace}/activations/{activationid}", "getActivationById", "Read the record of a run", &[], None, &[(200, "Activation")]),
    Operation("Activations", "get", "/namespaces/{namespace}/activations/{activationid}/logs", "getActivationLogs", "Read the logs of a run", &[], None, &[(200, "ActivationLogs")]),
    Operation("Activations", "get", "/namespaces/{namespace}/activations/{activationid}/result", "getActivationResult", "Read the result of a run", &[], None, &[(200, "ActivationResult")]),
];

/// The document. It is the same for everyone, and needs no credential, as upstream.
pub(super) async fn api_docs() -> Result<Response, Refusal> {
    super::json(&document())
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let Operation(_, method, path, ..) = operation;
        paths.entry(*path).or_insert_with(|| json!({}))[*method] = described(operation);
    }
    json!({
        "swagger": "2.0",
        "info": {
            "title": "OpenWhisk REST API",
            "description": "Served by Beckon's local engine.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "basePath": "/api/v1",
        "produces": ["application/json"],
        "securityDefinitions": { "basicAuth": { "type": "basic" } },
        "security": [{ "basicAuth": [] }],
        "paths": paths,
        "definitions": definitions(),
    })
}

fn described(operation: &Operation) -> Value {
    let Operation(tag, _, path, id, summary, queries, body, answers) = operation;
    let placeholders = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let mut parameters: Vec<Value> = placeholders
        .map(|(name, _)| json!({ "name": name, "in": "path", "required": true, "type": "string" }))
        .collect();
    parameters.extend(queries.iter().map(|(name, kind, what)| {
        json!({ "name": name, "in": "query", "required": false, "type": kind, "description": what })
    }));
    parameters.extend(body.map(
        |body| json!({ "name": "body", "in": "body", "required": body != "object", "schema": schema(body) }),
    ));
    let mut responses: Map<String, Value> = answers
        .iter()
        .map(|(status, body)| (status.to_string(), answer(*status, body)))
        .collect();
    responses.insert(
        "default".to_owned(),
        json!({ "description": "Refused", "schema": schema("ErrorMessage") }),
    );
    let mut described = json!({
        "tags": [tag],
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    });
    if *tag == "Web actions" {
        described["security"] = json!([]);
    }
    described
}

fn answer(status: u16, body: &str) -> Value {
    let description = match status {
        202 => "Accepted; the run goes on",
        204 => "Nothing is joined to it",
        500 => "The platform could not run it",
        502 => "The function failed",
        _ => "Done",
    };
    match body {
        "" => json!({ "description": description }),
        body => json!({ "description": description, "schema": schema(body) }),
    }
}

/// The schema of a word in the table: a definition, `object`, or with `[` a list.
fn schema(word: &str) -> Value {
    match word.strip_prefix('[') {
        Some(of) => json!({ "type": "array", "items": schema(of) }),
        None if matches!(word, "object" | "string") => json!({ "type": word }),
        None => json!({ "$ref": format!("#/definitions/{word}") }),
    }
}

fn definitions() -> Value {
    let integer = json!({ "type": "integer" });
    let string = json!({ "type": "string" });
    let flag = json!({ "type": "boolean" });
    let pairs = json!({ "type": "array", "items": schema("KeyValue") });
    let place = json!({ "type": "object", "properties": { "path": string, "name": string } });
    let of = |own: Value| {
        let mut properties = json!({
            "namespace": string, "name": string, "version": string, "publish": flag,
            "annotations": pairs, "updated": integer,
        });
        if let (Some(all), Value::Object(own)) = (properties.as_object_mut(), own) {
            all.extend(own);
        }
        json!({ "type": "object", "properties": properties })
    };
    json!({
        "ErrorMessage": {
            "type": "object", "required": ["error", "code"],
            "properties": { "error": string, "code": string },
        },
        "KeyValue": { "type": "object", "properties": { "key": string, "value": {}, "init": flag } },
        "Action": of(json!({
            "exec": { "type": "object", "properties": {
                "kind": string, "code": string, "main": string, "binary": flag,
                "components": { "type": "array", "items": string },
            } },
            "parameters": pairs,
            "limits": { "type": "object", "properties": {
                "timeout": { "type": "integer", "minimum": MIN_TIMEOUT_MS, "maximum": MAX_TIMEOUT_MS },
                "memory": { "type": "integer", "minimum": MIN_MEMORY_MB, "maximum": MAX_MEMORY_MB },
                "logs": { "type": "integer", "minimum": 0, "maximum": MAX_LOGS_MB },
                "concurrency": integer,
            } },
        })),
        "Package": of(json!({
            "parameters": pairs,
            "binding": { "description": "An object of namespace and name in a binding; else an empty one, or false in lists" },
            "actions": { "type": "array", "items": { "type": "object" } },
            "feeds": { "type": "array", "items": { "type": "object" } },
        })),
        "Trigger": of(json!({ "parameters": pairs, "limits": { "type": "object" }, "rules": { "type": "object" } })),
        "Rule": of(json!({ "status": string, "trigger": place, "action": place })),
        "RulePut": { "type": "object", "required": ["trigger", "action"], "properties": {
            "trigger": string, "action": string, "publish": flag, "annotations": pairs,
        } },
        "RuleStatus": { "type": "object", "required": ["status"], "properties": {
            "status": { "type": "string", "enum": ["active", "inactive"] },
        } },
        "ActivationId": { "type": "object", "required": ["activationId"], "properties": {
            "activationId": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
        } },
        "ActivationLogs": { "type": "object", "properties": { "logs": { "type": "array", "items": string } } },
        "ActivationResult": { "type": "object", "properties": {
            "result": {}, "success": flag, "status": string, "size": integer,
        } },
        "Activation": of(json!({
            "activationId": string, "subject": string, "start": integer, "end": integer, "duration": integer,
            "cause": string, "statusCode": { "type": "integer", "minimum": 0, "maximum": 3 },
            "logs": { "type": "array", "items": string },
            "response": { "type": "object", "properties": {
                "status": string, "success": flag, "result": {}, "size": integer,
            } },
        })),
        "Limits": { "type": "object", "properties": {
            "invocationsPerMinute": integer, "concurrentInvocations": integer, "firesPerMinute": integer,
            "maxParameterSize": { "type": "string", "default": format!("{BODY_LIMIT} B") },
        } },
    })
}
