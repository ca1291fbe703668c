//! Who may do what: every route asked by every role and by every kind of key, and what the documentation says of it.

use super::{Browser, add, signed_in};
use crate::house::{House, answer, assert_reference};
use serde_json::{Value, json};
use server::access::Permission;
use server::api;

/// What a route asks for, told without the table: whoever reads may read, except who else may come in; to change what is
/// said to whom takes a marketer, and what cannot be taken back an owner.
fn expected_permission(route: &api::Route) -> Permission {
    let reads = route.method == "GET" || route.path == "/api/v1/segments/preview";
    match route.path {
        "/api/openapi.json" | "/api/v1/operators/first" => Permission::Public,
        "/api/v1/session" if route.method == "POST" => Permission::Public,
        path if path.starts_with("/api/v1/session") => Permission::Known,
        path if path.starts_with("/api/v1/keys") || path.starts_with("/api/v1/operators") => {
            Permission::Admin
        }
        "/api/v1/profiles/{address}" if route.method == "DELETE" => Permission::Admin,
        _ if reads => Permission::Read,
        // They change nothing: an expression in its other form, why it holds for somebody, and how a message would look.
        "/api/v1/segments/parse"
        | "/api/v1/profiles/{address}/explain"
        | "/api/v1/messages/{name}/preview" => Permission::Read,
        // It changes nothing either, and takes the machine for a while; or it states what was found out.
        "/api/v1/simulate"
        | "/api/v1/sql"
        | "/api/v1/measure/ltv/traits"
        | "/api/v1/measure/acquisition/traits" => Permission::Analyse,
        path if path.starts_with("/api/v1/returns") => Permission::Returns,
        _ => Permission::Change,
    }
}

const SCOPES: [&str; 4] = ["write", "read", "admin", "returns"];
const ROLES: [&str; 4] = ["viewer", "analyst", "marketer", "owner"];

/// Those of keys, and then those of operators, whom a permission lets in.
fn let_in(permission: Permission) -> (&'static [&'static str], &'static [&'static str]) {
    match permission {
        Permission::Public | Permission::Known => (&SCOPES, &ROLES),
        Permission::Read | Permission::ReadOrLocal => (&["read", "admin"], &ROLES),
        Permission::Analyse => (&["admin"], &["analyst", "marketer", "owner"]),
        Permission::Change => (&["admin"], &["marketer", "owner"]),
        Permission::Admin => (&["admin"], &["owner"]),
        Permission::Returns => (&["returns", "admin"], &[]),
    }
}

fn path_of(route: &api::Route) -> String {
    // Things that there are not, so that whoever is let in changes nothing.
    route.path.replace("{address}", "user_id:u1").replace("{name}", "x").replace("{id}", "x")
}

#[tokio::test]
async fn every_route_lets_in_whom_its_permission_names_and_nobody_else() {
    let house = House::start().await;
    let mut tokens = Vec::new();
    for scope in SCOPES {
        let key = house.ask("POST", "/api/v1/keys", Some(json!({"name": scope, "scope": scope}))).await;
        tokens.push((scope, key.json()["token"].as_str().unwrap().to_owned()));
    }
    let mut browsers: Vec<(&str, Browser)> = Vec::new();
    for role in ROLES {
        add(&house, role, role).await;
        browsers.push((role, signed_in(&house, role).await));
    }
    for route in api::routes() {
        let (method, path) = (route.method.as_str(), path_of(&route));
        assert_eq!(route.permission, expected_permission(&route), "{method} {path}");
        let (scopes, roles) = let_in(route.permission);
        let bare = answer(house.bare(method, &path)).await;
        // Of the routes for everybody one answers 401 itself, and in other words.
        let is_shut = bare.status == 401 && bare.json()["code"] == "unauthorized";
        assert_eq!(is_shut, route.permission != Permission::Public, "{method} {path}: {bare:?}");
        for (scope, token) in &tokens {
            let asked = house.bare(method, &path).bearer_auth(token).body("{}");
            // The head alone: a stream has no end.
            let status = asked.send().await.unwrap().status().as_u16();
            // Of what is an operator's own a key has nothing.
            let own = path.starts_with("/api/v1/session") && ["PUT", "POST"].contains(&method);
            let first = path.ends_with("/first");
            if !own && !first {
                assert_eq!(
                    status != 403,
                    scopes.contains(scope),
                    "{method} {path} with a key for {scope}: {status}"
                );
            }
        }
        for (role, browser) in &mut browsers {
            if method == "DELETE" && path == "/api/v1/session" {
                // It would be the last thing that they do.
                *browser = signed_in(&house, role).await;
            }
            let status =
                browser.request(&house, method, &path).body("{}").send().await.unwrap().status().as_u16();
            if !path.ends_with("/first") {
                assert_eq!(status != 403, roles.contains(role), "{method} {path} by {role}: {status}");
            }
            if method == "DELETE" && path == "/api/v1/session" {
                *browser = signed_in(&house, role).await;
            }
        }
    }
    house.server.stop().await;
}

/// The table of the documentation is that of the program.
#[test]
fn the_documentation_says_what_each_route_asks_for() {
    let described: Value = serde_json::from_str(&api::openapi()).unwrap();
    for route in api::routes().iter().filter(|route| route.path != "/api/openapi.json") {
        let operation = &described["paths"][route.path][route.method.as_str().to_lowercase()];
        let said = &operation["x-permission"];
        assert_eq!(said, route.permission.name(), "{} {}", route.method, route.path);
    }
    let mut text = String::from(
        "# Permissions\n\nGenerated from the table of routes. What each route of the management API asks of its caller, the key scopes \
         and the roles that have it.\n\n| route | permission | keys | roles |\n| --- | --- | --- | --- |\n",
    );
    for route in api::routes() {
        let (scopes, roles) = let_in(route.permission);
        let permission = route.permission.name();
        let (keys, roles) = match route.permission {
            Permission::Public => ("none needed".to_owned(), "none needed".to_owned()),
            _ => (scopes.join(", "), roles.join(", ")),
        };
        text += &format!("| `{} {}` | {permission} | {keys} | {roles} |\n", route.method, route.path);
    }
    assert_reference("permissions.md", &text);
}
