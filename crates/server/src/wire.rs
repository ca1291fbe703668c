//! Records as JSON, for people and programs that read an export. The keys and the seed of an installation stay out.

use engine::Seq;
use engine::at::At;
use engine::programme::decimal;
use engine::record::{
    Attempted, ClustersStated, Commanded, ConsentStated, CutoffsStated, Event, EventFlags, Identifier,
    MembershipChanged, OperatorActed, Preference, PreferenceStated, ProfileErased, ProfilesMerged, Record,
    RegisterChecked, RegisterListed, Rejected, RunRequested, Settled, Subject, SuppressionStated,
    WebhookAnswered, WebhookAttempt, WebhookDelivered,
};
use engine::segment::cluster::{Cluster, Finding, Tree};
use serde_json::{Value, json};

/// One record with its place and the instant of its batch.
pub fn record_json(seq: Seq, at: At, record: &Record<'_>) -> Value {
    let (kind, content) = content(record);
    let mut line = json!({"seq": seq.0, "at": at.to_string(), "kind": kind});
    if let (Value::Object(line), Value::Object(content)) = (&mut line, content) {
        line.extend(content);
    }
    line
}

/// What an export says of a record of somebody who was erased.
pub fn erased_json(seq: Seq, at: At) -> Value {
    json!({"seq": seq.0, "at": at.to_string(), "kind": "erased"})
}

fn content(record: &Record<'_>) -> (&'static str, Value) {
    match record {
        Record::Installed(installed) => {
            ("installed", json!({"installation": format!("{:016x}", installed.installation)}))
        }
        Record::Event(one) => ("event", event(one)),
        Record::Rejected(one) => ("rejected", rejected(one)),
        Record::ConsentStated(one) => ("consent_stated", consent(one)),
        Record::PreferenceStated(one) => ("preference_stated", preference(one)),
        Record::RegisterListed(one) => ("register_listed", listed(one)),
        Record::RegisterChecked(one) => ("register_checked", checked(one)),
        Record::SuppressionStated(one) => ("suppression_stated", suppression(one)),
        Record::ProgrammeApplied(one) => (
            "programme_applied",
            json!({
                "applied_at": one.applied_at.to_string(),
                "operator": one.operator,
                "definition": serde_json::from_str::<Value>(one.definition).unwrap_or_default(),
            }),
        ),
        Record::Attempted(one) => ("attempted", attempted(one)),
        Record::Settled(one) => ("settled", settled(one)),
        Record::Returned(one) => (
            "returned",
            json!({
                "send": one.send.0,
                "verdict": one.verdict.name(),
                "returned_at": one.returned_at.to_string(),
                "reply": one.reply,
            }),
        ),
        Record::Engaged(one) => (
            "engaged",
            json!({
                "send": one.send.0,
                "engagement": one.engagement.name(),
                "machine": one.machine,
                "occurred_at": one.occurred_at.to_string(),
                "url": one.url,
            }),
        ),
        Record::Viewed(one) => {
            ("viewed", json!({"message": one.message, "occurred_at": one.occurred_at.to_string()}))
        }
        Record::CutoffsStated(one) => ("cutoffs_stated", cutoffs(one)),
        Record::ClustersStated(one) => ("clusters_stated", clusters(one)),
        Record::ProfilesMerged(one) => ("profiles_merged", merged(one)),
        Record::MergeUndone(one) => (
            "merge_undone",
            json!({
                "merge": one.merge.0,
                "undone_at": one.undone_at.to_string(),
                "operator": one.operator,
            }),
        ),
        Record::IdentifierLifted(one) => (
            "identifier_lifted",
            json!({
                "identifier": identifier(&one.identifier),
                "lifted_at": one.lifted_at.to_string(),
                "operator": one.operator,
            }),
        ),
        Record::ProfileErased(one) => ("profile_erased", erased(one)),
        Record::LogRedacted(one) => {
            ("log_redacted", json!({"to": one.to.0, "redacted_at": one.redacted_at.to_string()}))
        }
        Record::MembershipChanged(one) => ("membership_changed", changed(one)),
        Record::RunRequested(one) => ("run_requested", requested(one)),
        Record::Commanded(one) => ("commanded", commanded(one)),
        Record::WebhookDelivered(_)
        | Record::WebhookAnswered(_)
        | Record::WebhookFollowed(_)
        | Record::DeliveryRequested(_) => of_webhook(record),
        Record::CodesAdded(_) | Record::OfferRedeemed(_) | Record::OfferNoted(_) => of_offer(record),
        Record::SpendRecorded(_) | Record::FlightRecorded(_) => of_spend(record),
        Record::OperatorActed(one) => ("operator_acted", acted(one)),
        Record::ReportSent(one) => (
            "report_sent",
            json!({
                "report": one.report,
                "due_at": one.due_at.to_string(),
                "progress": one.progress.name(),
                "told_at": one.told_at.to_string(),
                "taken": one.taken,
            }),
        ),
        Record::Tick => ("tick", json!({})),
    }
}

fn of_offer(record: &Record<'_>) -> (&'static str, Value) {
    match record {
        Record::CodesAdded(one) => (
            "codes_added",
            json!({
                "offer": one.offer,
                "added_at": one.added_at.to_string(),
                "operator": one.operator,
                "codes": one.codes,
            }),
        ),
        Record::OfferRedeemed(one) => (
            "offer_redeemed",
            json!({
                "offer": one.offer,
                "identifier": one.identifier.as_ref().map(identifier),
                "redeemed_at": one.redeemed_at.to_string(),
                "operator": one.operator,
                "code": one.code,
            }),
        ),
        Record::OfferNoted(one) => (
            "offer_noted",
            json!({
                "offer": one.offer,
                "identifier": identifier(&one.identifier),
                "state": one.phase.name(),
                "place": one.place,
                "noted_at": one.noted_at.to_string(),
                "operator": one.operator,
            }),
        ),
        _ => unreachable!("invariant: only records about offers are told here"),
    }
}

fn of_spend(record: &Record<'_>) -> (&'static str, Value) {
    match record {
        Record::SpendRecorded(one) => (
            "spend_recorded",
            json!({
                "key": one.key,
                "campaign": one.campaign,
                "channel": one.channel,
                "cost": one.kind.name(),
                "from": one.from.to_string(),
                "until": one.until.to_string(),
                "amount": decimal(one.millionths.into()),
                "currency": one.currency,
                "impressions": one.counts.impressions,
                "clicks": one.counts.clicks,
                "reach": one.counts.reach,
                "minutes": one.counts.minutes,
                "source": one.source,
                "recorded_at": one.recorded_at.to_string(),
                "operator": one.operator,
            }),
        ),
        Record::FlightRecorded(one) => (
            "flight_recorded",
            json!({
                "key": one.key,
                "campaign": one.campaign,
                "medium": one.medium.name(),
                "place": one.place,
                "from": one.from.to_string(),
                "until": one.until.to_string(),
                "amount": decimal(one.millionths.into()),
                "currency": one.currency,
                "contacts": one.contacts,
                "pieces": one.pieces,
                "codes": one.codes,
                "source": one.source,
                "recorded_at": one.recorded_at.to_string(),
                "operator": one.operator,
            }),
        ),
        _ => unreachable!("invariant: only records about money are told here"),
    }
}

fn preference(stated: &PreferenceStated<'_>) -> Value {
    let mut line = json!({
        "subject": subject(&stated.subject),
        "source": stated.source.name(),
        "stated_at": stated.stated_at.to_string(),
        "proof": stated.proof,
    });
    match stated.preference {
        Preference::PausedUntil(until) => line["paused_until"] = until.to_string().into(),
        Preference::Fewer(fewer) => line["fewer"] = fewer.into(),
    }
    line
}

fn listed(slice: &RegisterListed<'_>) -> Value {
    let (register, edition, listed) = (slice.register, slice.edition, slice.hashes.len());
    json!({ "register": register, "edition": edition, "channels": slice.channels, "listed": listed })
}

fn checked(look: &RegisterChecked<'_>) -> Value {
    json!({
        "register": look.register,
        "edition": look.edition,
        "channels": look.channels,
        "checked_at": look.checked_at.to_string(),
        "valid_for": look.valid_for.to_string(),
        "operator": look.operator,
    })
}

fn merged(merged: &ProfilesMerged<'_>) -> Value {
    json!({
        "from": identifier(&merged.from),
        "into": identifier(&merged.into),
        "merged_at": merged.merged_at.to_string(),
        "operator": merged.operator,
    })
}

fn erased(erased: &ProfileErased<'_>) -> Value {
    json!({
        "profile": erased.profile.0,
        "erased_at": erased.erased_at.to_string(),
        "operator": erased.operator,
    })
}

fn requested(requested: &RunRequested<'_>) -> Value {
    json!({
        "journey": requested.journey,
        "identifier": identifier(&requested.identifier),
        "requested_at": requested.requested_at.to_string(),
        "operator": requested.operator,
        "data": requested.data.to_json(),
    })
}

fn commanded(commanded: &Commanded<'_>) -> Value {
    json!({
        "what": commanded.what.name(),
        "name": commanded.name,
        "command": commanded.command.name(),
        "commanded_at": commanded.commanded_at.to_string(),
        "operator": commanded.operator,
    })
}

/// Values are in millionths, and have more digits than a number of JSON holds.
fn cutoffs(stated: &CutoffsStated<'_>) -> Value {
    let cutoffs = stated.cutoffs.iter().map(
        |cutoff| json!({"share": cutoff.share, "millionths": cutoff.value.map(|value| value.to_string())}),
    );
    json!({"stated_at": stated.stated_at.to_string(), "cutoffs": cutoffs.collect::<Vec<Value>>()})
}

fn changed(changed: &MembershipChanged<'_>) -> Value {
    let changes = changed.changes.iter().map(|one| {
        json!({
            "profile": one.profile.0,
            "change": one.kind.name(),
            "since": one.at.to_string(),
            "cause": one.cause.0,
        })
    });
    json!({"segment": changed.segment, "changes": changes.collect::<Vec<Value>>()})
}

fn clusters(stated: &ClustersStated<'_>) -> Value {
    let mut content = json!({
        "set": stated.set,
        "stated_at": stated.stated_at.to_string(),
        "question": stated.question,
        "at_least": stated.at_least,
        "at_most": stated.at_most,
    });
    match &stated.finding {
        Finding::NotFound(lack) => content["lack"] = lack.to_string().into(),
        Finding::Found(found) => {
            let cluster = |one: &Cluster| {
                let centre = one.centre.iter().map(|number| number.map(|number| number.to_string()));
                json!({"name": one.name, "sampled": one.sampled, "centre_millionths": centre.collect::<Vec<_>>()})
            };
            content["seed"] = found.seed.to_string().into();
            content["people"] = found.people.into();
            content["sampled"] = found.sampled.into();
            content["fidelity"] = json!(f64::from(found.fidelity_permyriad) / 10_000.0);
            content["silhouette"] = json!(f64::from(found.silhouette_permyriad) / 10_000.0);
            content["clusters"] = found.clusters.iter().map(cluster).collect();
            content["tree"] = tree(&found.tree);
        }
    }
    content
}

fn tree(tree: &Tree) -> Value {
    match tree {
        Tree::Leaf(cluster) => json!({"cluster": cluster}),
        Tree::Fork { feature, at, below, reached } => json!({
            "feature": feature,
            "at_millionths": at.to_string(),
            "below": self::tree(below),
            "reached": self::tree(reached),
        }),
    }
}

fn event(event: &Event<'_>) -> Value {
    let flags = [
        (EventFlags::BOT, "bot"),
        (EventFlags::CLOCK_MENDED, "clock_mended"),
        (EventFlags::LATE, "late"),
        (EventFlags::IMPORTED, "imported"),
        (EventFlags::ONSITE, "onsite"),
        (EventFlags::ABSENT, "absent"),
    ];
    let flags: Vec<&str> =
        flags.into_iter().filter(|(flag, _)| event.flags.has(*flag)).map(|one| one.1).collect();
    json!({
        "type": event.kind.name(),
        "name": event.name,
        "source": event.source,
        "occurred_at": event.occurred_at.to_string(),
        "received_at": event.received_at.to_string(),
        "flags": flags,
        "message_id": event.message_id_text,
        "identifiers": event.identifiers.iter().map(identifier).collect::<Vec<_>>(),
        "properties": event.properties.to_json(),
        "traits": event.traits.to_json(),
        "context": event.context.to_json(),
    })
}

fn rejected(rejected: &Rejected<'_>) -> Value {
    json!({
        "received_at": rejected.received_at.to_string(),
        "source": rejected.source,
        "code": rejected.code,
        "field": rejected.field,
        "message": rejected.message,
        "payload": rejected.payload,
    })
}

fn subject(subject: &Subject<'_>) -> Value {
    match subject {
        Subject::Identifier(one) => identifier(one),
        Subject::Send(send) => json!({"send": send.0}),
    }
}

fn consent(consent: &ConsentStated<'_>) -> Value {
    json!({
        "subject": subject(&consent.subject),
        "purpose": consent.purpose,
        "channel": consent.channel,
        "granted": consent.granted,
        "source": consent.source.name(),
        "stated_at": consent.stated_at.to_string(),
        "wording": consent.wording,
        "language": consent.language,
        "proof": consent.proof,
    })
}

fn suppression(suppression: &SuppressionStated<'_>) -> Value {
    json!({
        "identifier": identifier(&suppression.identifier),
        "lifted": suppression.lifted,
        "stated_at": suppression.stated_at.to_string(),
        "reason": suppression.reason,
    })
}

fn attempted(one: &Attempted) -> Value {
    json!({"send": one.send.0, "attempt": one.attempt, "attempted_at": one.attempted_at.to_string()})
}

fn settled(settled: &Settled<'_>) -> Value {
    json!({
        "send": settled.send.0,
        "attempt": settled.attempt,
        "outcome": settled.outcome.name(),
        "settled_at": settled.settled_at.to_string(),
        "reply": settled.reply,
    })
}

fn of_webhook(record: &Record<'_>) -> (&'static str, Value) {
    match record {
        Record::WebhookDelivered(one) => ("webhook_delivered", delivered(one)),
        Record::WebhookAnswered(one) => ("webhook_answered", answered(one)),
        Record::WebhookFollowed(one) => (
            "webhook_followed",
            json!({
                "webhook": one.webhook,
                "to": one.to.0,
                "followed_at": one.followed_at.to_string(),
            }),
        ),
        Record::DeliveryRequested(one) => (
            "delivery_requested",
            json!({
                "webhook": one.webhook,
                "delivery": one.delivery.to_string(),
                "requested_at": one.requested_at.to_string(),
                "operator": one.operator,
            }),
        ),
        _ => unreachable!("invariant: every other kind is told elsewhere"),
    }
}

fn delivered(delivered: &WebhookDelivered<'_>) -> Value {
    let mut line = attempt(&delivered.attempt);
    line["webhook"] = delivered.webhook.into();
    line["delivery"] = delivered.delivery.to_string().into();
    line
}

fn answered(answered: &WebhookAnswered<'_>) -> Value {
    let mut line = attempt(&answered.attempt);
    line["profile"] = answered.profile.0.into();
    line["run"] = answered.run.into();
    line["asked"] = answered.asked.0.into();
    line["answer"] = answered.answer.to_json();
    line
}

fn attempt(attempt: &WebhookAttempt<'_>) -> Value {
    json!({
        "attempt": attempt.attempt,
        "outcome": attempt.outcome.name(),
        "status": attempt.status,
        "ended_at": attempt.ended_at.to_string(),
        "took_ms": attempt.took_ms,
        "reason": attempt.reason,
    })
}

fn acted(acted: &OperatorActed<'_>) -> Value {
    let told = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    json!({
        "acted_at": acted.acted_at.to_string(),
        "operator": acted.operator,
        "role": acted.role,
        "act": acted.act,
        "subject": acted.subject,
        "people": acted.people.iter().map(identifier).collect::<Vec<_>>(),
        "before": told(acted.before),
        "after": told(acted.after),
    })
}

fn identifier(identifier: &Identifier<'_>) -> Value {
    json!({"type": identifier.kind.name(), "value": identifier.value})
}
