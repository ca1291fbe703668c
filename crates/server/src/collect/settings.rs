//! What SDKs ask before they send anything. Without an answer they never start, and no event is ever sent.

use serde_json::{Value, json};

/// For Segment's browser and mobile SDKs: they then send to `host` under this key, and nowhere else.
pub(super) fn segment(write_key: &str, protocol: &str, host: &str) -> Value {
    let everything = || json!({ "__default": { "enabled": true, "integrations": {} } });
    json!({
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": format!("{host}/v1"),
                "protocol": protocol,
                "unbundledIntegrations": [],
                "addBundledMetadata": true,
                "maybeBundledConfigIds": {},
                "versionSettings": { "version": "4.4.7", "componentTypes": ["browser"] },
            }
        },
        "plan": { "track": everything(), "identify": everything(), "group": everything() },
        "edgeFunction": {},
        "analyticsNextEnabled": true,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "legacyVideoPluginsEnabled": false,
        "remotePlugins": [],
        // Else the SDK measures itself and sends the result to Segment.
        "metrics": { "sampleRate": 0 },
    })
}

/// For RudderStack's browser SDK: a source that is on and passes its events on to nobody.
pub(super) fn rudderstack(write_key: &str, source: &str) -> Value {
    let off = || json!({ "enabled": false });
    json!({
        "isHosted": true,
        "source": {
            "id": source,
            "name": source,
            "writeKey": write_key,
            "enabled": true,
            "workspaceId": "trama",
            "config": { "statsCollection": { "errors": off(), "metrics": off() } },
            "connections": [],
            "destinations": [],
            "dataplanes": {},
        }
    })
}
