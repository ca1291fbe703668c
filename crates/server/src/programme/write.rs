//! A programme as the text of its files: for `trama plan`, which compares what is live with what is in a folder, line
//! by line, in the words that people wrote it in.
//!
//! Two programmes are the same where their items are the same: nothing of a programme is left out.

use super::write_editorial;
use engine::at::Span;
use engine::programme::{
    Arm, Best, Blocks, Broadcast, Cap, Channel, ChannelRule, ChannelRules, Choices, ClusterSet,
    ContactPolicy, Draw, Editorial, EmailMessage, Exclusion, Fatigue, IdentifierLimit, Identity, Journey,
    Localized, Message, OnChange, OnsiteMessage, OptIn, Programme, Purchase, Purpose, QuietHours, Reenter,
    SoftOptIn, Step, Tracking, Trigger, Variant, VariantChoice, Way, Webhook, WebhookStep, Wording,
};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a definition is, in the order in which a plan lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Programme,
    ContactPolicy,
    Purpose,
    Segment,
    Clusters,
    Journey,
    Broadcast,
    Webhook,
    Channels,
    Offer,
    Link,
    Page,
    Form,
    Campaign,
    Report,
    Target,
    Message,
    /// A template of a message: `welcome/email.it.mjml`.
    Template,
    Space,
    Contributor,
    Piece,
}

impl Kind {
    /// Those that stand for themselves: a template is a part of its message.
    pub const ALL: [Self; 20] = [
        Self::Programme,
        Self::ContactPolicy,
        Self::Purpose,
        Self::Segment,
        Self::Clusters,
        Self::Journey,
        Self::Broadcast,
        Self::Webhook,
        Self::Channels,
        Self::Offer,
        Self::Link,
        Self::Page,
        Self::Form,
        Self::Campaign,
        Self::Report,
        Self::Target,
        Self::Message,
        Self::Space,
        Self::Contributor,
        Self::Piece,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Programme => "programme",
            Self::ContactPolicy => "contact_policy",
            Self::Purpose => "purpose",
            Self::Segment => "segment",
            Self::Clusters => "clusters",
            Self::Journey => "journey",
            Self::Broadcast => "broadcast",
            Self::Webhook => "webhook",
            Self::Channels => "channels",
            Self::Offer => "offer",
            Self::Link => "link",
            Self::Page => "page",
            Self::Form => "form",
            Self::Campaign => "campaign",
            Self::Report => "report",
            Self::Target => "target",
            Self::Message => "message",
            Self::Template => "template",
            Self::Space => "space",
            Self::Contributor => "contributor",
            Self::Piece => "piece",
        }
    }
}

/// Every definition of a programme by kind and name, as YAML or, for a template, as it is.
pub fn items(programme: &Programme) -> BTreeMap<(Kind, String), String> {
    let mut items = BTreeMap::new();
    if !programme.name.is_empty() {
        items.insert((Kind::Programme, programme.name.clone()), head(programme));
    }
    if !programme.contact_policy.is_empty() {
        let mut text = String::new();
        contact_policy(&mut text, &programme.contact_policy);
        items.insert((Kind::ContactPolicy, "contact_policy".to_owned()), text);
    }
    for (name, one) in &programme.purposes {
        items.insert((Kind::Purpose, name.clone()), purpose(name, one));
    }
    for (name, expression) in &programme.segments {
        let text = match programme.recorded.contains(name) {
            true => format!("{name}:\n  is: {}\n  record: changes\n", scalar(expression)),
            false => format!("{name}: {}\n", scalar(expression)),
        };
        items.insert((Kind::Segment, name.clone()), text);
    }
    for (name, one) in &programme.clusters {
        items.insert((Kind::Clusters, name.clone()), clusters(name, one));
    }
    for (name, one) in &programme.journeys {
        items.insert((Kind::Journey, name.clone()), journey(name, one));
    }
    for (name, one) in &programme.broadcasts {
        items.insert((Kind::Broadcast, name.clone()), broadcast(name, one));
    }
    for (name, one) in &programme.webhooks {
        items.insert((Kind::Webhook, name.clone()), webhook(name, one));
    }
    if !programme.channels.is_empty() {
        items.insert((Kind::Channels, "channels".to_owned()), channel_rules(&programme.channels));
    }
    for (name, one) in &programme.offers {
        items.insert((Kind::Offer, name.clone()), super::write_offer::offer(name, one));
    }
    for (name, one) in &programme.links {
        items.insert((Kind::Link, name.clone()), super::write_hosted::link(name, one));
    }
    for (name, one) in &programme.pages {
        items.insert((Kind::Page, name.clone()), super::write_hosted::page(name, one));
    }
    for (name, one) in &programme.forms {
        items.insert((Kind::Form, name.clone()), super::write_hosted::form(name, one));
    }
    for (name, one) in &programme.campaigns {
        items.insert((Kind::Campaign, name.clone()), super::write_campaign::campaign(name, one));
    }
    for (name, one) in &programme.reports {
        items.insert((Kind::Report, name.clone()), super::write_campaign::report(name, one));
    }
    for (name, one) in &programme.targets {
        items.insert((Kind::Target, name.clone()), super::target::written(name, one));
    }
    for (name, one) in &programme.messages {
        items.insert((Kind::Message, name.clone()), message(name, one));
        for (file, text) in templates(one) {
            items.insert((Kind::Template, format!("{name}/{file}")), text.to_owned());
        }
    }
    let Editorial { spaces, contributors, pieces } = &programme.editorial;
    for (name, one) in spaces {
        items.insert((Kind::Space, name.clone()), write_editorial::space(name, one));
    }
    for (name, one) in contributors {
        items.insert((Kind::Contributor, name.clone()), write_editorial::contributor(name, one));
    }
    for (name, one) in pieces {
        items.insert((Kind::Piece, name.clone()), write_editorial::piece(name, one));
    }
    items
}

fn head(programme: &Programme) -> String {
    let mut text = format!("programme: {}\n", scalar(&programme.name));
    let _ = writeln!(text, "timezone: {}", scalar(&programme.timezone));
    let _ = writeln!(text, "languages: [{}]", programme.languages.join(", "));
    let _ = writeln!(text, "tracking: {}", tracking(programme.tracking));
    let Purchase { event, amount } = &programme.purchase;
    let _ = writeln!(text, "purchase: {{ event: {}, amount: {} }}", scalar(event), scalar(amount));
    super::write_campaign::currencies(&mut text, programme);
    identity(&mut text, &programme.identity);
    best(&mut text, &programme.best);
    text
}

fn identity(text: &mut String, identity: &Identity) {
    let Identity { limits, blocked } = identity;
    if *identity != Identity::default() {
        text.push_str("identity:\n");
    }
    if !limits.is_empty() {
        text.push_str("  limits:\n");
    }
    for (name, IdentifierLimit { at_most, within }) in limits {
        let _ = match within {
            Some(within) => {
                writeln!(text, "    {name}: {{ at most: {at_most}, within: {} }}", length(*within))
            }
            None => writeln!(text, "    {name}: {at_most}"),
        };
    }
    if !blocked.is_empty() {
        text.push_str("  blocked:\n");
    }
    for value in blocked {
        let _ = writeln!(text, "    - {}", scalar(value));
    }
}

fn contact_policy(text: &mut String, policy: &ContactPolicy) {
    let ContactPolicy { caps, quiet_hours, fatigue, fewer, exclusions, holdout_permille, patience } = policy;
    text.push_str("contact_policy:\n");
    if !caps.is_empty() {
        text.push_str("  caps:\n");
    }
    for one in caps {
        let _ = writeln!(text, "    - {}", cap(one));
    }
    if let Some(QuietHours { from, to, channels: named, unknown_zone }) = quiet_hours {
        let time = |minute: u16| format!("\"{:02}:{:02}\"", minute / 60, minute % 60);
        let _ = write!(text, "  quiet_hours: {{ from: {}, to: {}", time(*from), time(*to));
        if !named.is_empty() {
            let _ = write!(text, ", channels: {}", channels(named));
        }
        if !unknown_zone.is_empty() {
            let _ = write!(text, ", unknown zone: [{}]", unknown_zone.join(", "));
        }
        text.push_str(" }\n");
    }
    if let Some(Fatigue { after, within, then }) = fatigue {
        let (within, then) = (length(*within), cap(then));
        let _ = writeln!(text, "  fatigue: {{ after: {after}, within: {within}, then: {then} }}");
    }
    if let Some(fewer) = fewer {
        let _ = writeln!(text, "  fewer: {}", cap(fewer));
    }
    if !exclusions.is_empty() {
        text.push_str("  exclusions:\n");
    }
    for Exclusion { only_one_of, within } in exclusions {
        let names = only_one_of.join(", ");
        let _ = writeln!(text, "    - {{ only one of: [{names}], within: {} }}", length(*within));
    }
    if *holdout_permille > 0 {
        let _ = writeln!(text, "  holdout: {}%", f64::from(*holdout_permille) / 10.0);
    }
    if let Some(patience) = patience {
        let _ = writeln!(text, "  patience: {}", length(*patience));
    }
}

fn best(text: &mut String, best: &Best) {
    let Best { responses, within, explore_permille, after } = best;
    if *best != Best::default() {
        let names: Vec<&str> = responses.iter().map(|one| one.name()).collect();
        let explore = f64::from(*explore_permille) / 10.0;
        let _ = writeln!(text, "best:\n  responses: [{}]\n  within: {}", names.join(", "), length(*within));
        let _ = writeln!(text, "  explore: {explore}%\n  after: {after}");
    }
}

/// What a send leaves open.
fn choices(text: &mut String, named: &[Channel], choices: &Choices, indent: &str) {
    let Choices { channel, variant, hour_within } = choices;
    let _ = match (named.is_empty(), channel) {
        (true, false) => Ok(()),
        (true, true) => writeln!(text, "{indent}channels: best"),
        (false, true) => writeln!(text, "{indent}channels: {{ best: {} }}", channels(named)),
        (false, false) => writeln!(text, "{indent}channels: {}", channels(named)),
    };
    let _ = match variant {
        VariantChoice::Split => Ok(()),
        VariantChoice::Best => writeln!(text, "{indent}variant: best"),
        VariantChoice::Named(name) => writeln!(text, "{indent}variant: {}", scalar(name)),
    };
    if let Some(within) = hour_within {
        let _ = writeln!(text, "{indent}at: {{ best: {} }}", length(*within));
    }
}

fn cap(cap: &Cap) -> String {
    let Cap { at_most, within, channels: named, purposes } = cap;
    let mut text = format!("{{ at most: {at_most}, within: {}", length(*within));
    if !named.is_empty() {
        let _ = write!(text, ", channels: {}", channels(named));
    }
    if !purposes.is_empty() {
        let _ = write!(text, ", purposes: [{}]", purposes.join(", "));
    }
    text + " }"
}

fn tracking(tracking: Tracking) -> String {
    format!("{{ opens: {}, clicks: {} }}", tracking.opens.name(), tracking.clicks)
}

fn purpose(name: &str, purpose: &Purpose) -> String {
    let mut text = format!("{name}:\n");
    if !purpose.title.is_empty() {
        localized(&mut text, "title", &purpose.title);
    }
    if !purpose.third_party {
        let _ = writeln!(text, "  channels: {}", channels(&purpose.channels));
    }
    let opt_in = match purpose.opt_in {
        OptIn::None => "none",
        OptIn::Single => "single",
        OptIn::Double => "double",
    };
    let _ = writeln!(text, "  opt_in: {opt_in}");
    if let Some(confirm) = &purpose.confirm {
        let _ = writeln!(text, "  confirm: {}", scalar(confirm));
    }
    if purpose.tracks_opens {
        text.push_str("  tracks_opens: true\n");
    }
    if let Some(applies) = purpose.contact_policy {
        let _ = writeln!(text, "  contact_policy: {}", if applies { "applies" } else { "none" });
    }
    if purpose.third_party {
        text.push_str("  third_party: true\n");
    }
    if purpose.remembers {
        text.push_str("  remembers: true\n");
    }
    if let Some(SoftOptIn { after, channels: named, within }) = &purpose.soft_opt_in {
        let (after, named, within) = (scalar(after), channels(named), length(*within));
        let _ = writeln!(text, "  soft_opt_in: {{ after: {after}, channels: {named}, within: {within} }}");
    }
    if !purpose.wording.is_empty() {
        text.push_str("  wording:\n");
    }
    for Wording { version, texts } in &purpose.wording {
        let _ = writeln!(text, "    - version: {}", scalar(version));
        for (language, words) in texts {
            let _ = writeln!(text, "      {language}: {}", scalar(words));
        }
    }
    text
}

fn localized(text: &mut String, field: &str, texts: &Localized) {
    let _ = writeln!(text, "  {field}:");
    for (language, one) in texts {
        let _ = writeln!(text, "    {language}: {}", scalar(one));
    }
}

fn channels(channels: &[Channel]) -> String {
    let names: Vec<&str> = channels.iter().map(|channel| channel.name()).collect();
    format!("[{}]", names.join(", "))
}

fn message(name: &str, message: &Message) -> String {
    let mut text = format!("message: {name}\n");
    if let Some(offer) = &message.offer {
        let _ = writeln!(text, "offer: {}", scalar(offer));
    }
    if message.priority > 0 {
        let _ = writeln!(text, "priority: {}", message.priority);
    }
    if let Some(patience) = message.patience {
        let _ = writeln!(text, "patience: {}", length(patience));
    }
    if let Some(EmailMessage { from, reply_to, subject, templates: _, tracking: tracked }) = &message.email {
        let _ = writeln!(text, "email:\n  from: {}", scalar(from));
        if let Some(address) = reply_to {
            let _ = writeln!(text, "  reply_to: {}", scalar(address));
        }
        localized(&mut text, "subject", subject);
        if let Some(tracked) = tracked {
            let _ = writeln!(text, "  tracking: {}", tracking(*tracked));
        }
    }
    if let Some(one) = &message.onsite {
        onsite(&mut text, one);
    }
    if let Some(one) = &message.in_app {
        text.push_str("in_app:\n");
        blocks(&mut text, &one.blocks);
        if let Some(expires) = one.expires {
            let _ = writeln!(text, "  expires: {}", length(expires));
        }
    }
    if !message.variants.is_empty() {
        text.push_str("variants:\n");
    }
    for (name, Variant { share_permille, subject, templates: _ }) in &message.variants {
        let _ = writeln!(text, "  {name}:");
        if let Some(share) = share_permille {
            let _ = writeln!(text, "    share: {}%", f64::from(*share) / 10.0);
        }
        if !subject.is_empty() {
            text.push_str("    subject:\n");
        }
        for (language, one) in subject {
            let _ = writeln!(text, "      {language}: {}", scalar(one));
        }
    }
    text
}

fn onsite(text: &mut String, one: &OnsiteMessage) {
    let _ = writeln!(text, "onsite:\n  format: {}\n  slot: {}", one.format.name(), scalar(&one.slot));
    if let Some(purpose) = &one.purpose {
        let _ = writeln!(text, "  purpose: {}", scalar(purpose));
    }
    if let Some(audience) = &one.audience {
        let _ = writeln!(text, "  for: {}", scalar(audience));
    }
    let _ = match one.trigger {
        Trigger::AtOnce => writeln!(text, "  trigger: at once"),
        Trigger::After(span) => writeln!(text, "  trigger: {{ after: {} }}", length(span)),
        Trigger::Scroll(percent) => writeln!(text, "  trigger: {{ scroll: {percent}% }}"),
        Trigger::ExitIntent => writeln!(text, "  trigger: exit"),
    };
    let _ = writeln!(text, "  at most: {{ times: {}, within: {} }}", one.at_most, length(one.within));
    let _ = writeln!(text, "  silent: {}", length(one.silent));
    if let Some(height) = one.height {
        let _ = writeln!(text, "  height: {height}");
    }
    blocks(text, &one.blocks);
}

fn blocks(text: &mut String, blocks: &Blocks) {
    let inside = |texts: &Localized| {
        let entries: Vec<String> =
            texts.iter().map(|(language, text)| format!("{language}: {}", in_braces(text))).collect();
        format!("{{ {} }}", entries.join(", "))
    };
    let named =
        [("title", &blocks.title), ("text", &blocks.text), ("close", &blocks.close), ("html", &blocks.html)];
    for (name, texts) in named.into_iter().filter(|(_, texts)| !texts.is_empty()) {
        let _ = writeln!(text, "  {name}: {}", inside(texts));
    }
    if let Some(image) = &blocks.image {
        let _ = writeln!(text, "  image:\n    url: {}", scalar(&image.url));
        if !image.alt.is_empty() {
            let _ = writeln!(text, "    alt: {}", inside(&image.alt));
        }
    }
    if let Some(button) = &blocks.button {
        let _ = writeln!(text, "  button:\n    url: {}", scalar(&button.url));
        if !button.text.is_empty() {
            let _ = writeln!(text, "    text: {}", inside(&button.text));
        }
    }
}

fn clusters(name: &str, set: &ClusterSet) -> String {
    let ClusterSet { features, of, at_least, at_most, refresh } = set;
    let mut text = format!("{name}:\n  features:\n");
    for (name, feature) in features {
        let _ = writeln!(text, "    {name}: {}", scalar(feature));
    }
    if let Some(of) = of {
        let _ = writeln!(text, "  of: {}", scalar(of));
    }
    let _ = match at_least == at_most {
        true => writeln!(text, "  count: {at_least}"),
        false => writeln!(text, "  count: {at_least} to {at_most}"),
    };
    let _ = writeln!(text, "  refresh: {}", refresh.name());
    text
}

/// The template files of a message by name.
pub(super) fn templates(message: &Message) -> Vec<(String, &str)> {
    let mut files = Vec::new();
    let original = message.email.iter().flat_map(|email| &email.templates);
    let original = original.map(|(language, one)| (language.clone(), one));
    let variants = message.variants.iter().flat_map(|(name, variant)| {
        variant.templates.iter().map(move |(language, one)| (format!("{language}.{name}"), one))
    });
    for (wording, template) in original.chain(variants) {
        for (kind, source) in [("mjml", &template.mjml), ("html", &template.html), ("txt", &template.text)] {
            files.extend(source.as_deref().map(|source| (format!("email.{wording}.{kind}"), source)));
        }
    }
    files
}

fn journey(name: &str, journey: &Journey) -> String {
    let Journey { purpose, enter, audience, reenter, exit, goal, holdout_permille, on_change, steps: list } =
        journey;
    let mut text = format!("journey: {name}\npurpose: {}\nenter: {}\n", scalar(purpose), scalar(enter));
    if let Some(audience) = audience {
        let _ = writeln!(text, "for: {}", scalar(audience));
    }
    match reenter {
        Reenter::Never => {}
        Reenter::Always => text.push_str("reenter: always\n"),
        Reenter::After(span) => _ = writeln!(text, "reenter: after {}", length(*span)),
    }
    if let Some(exit) = exit {
        let _ = writeln!(text, "exit: {}", scalar(exit));
    }
    if let Some(goal) = goal {
        let _ = writeln!(text, "goal:\n  did: {}\n  within: {}", scalar(&goal.did), length(goal.within));
    }
    if *holdout_permille > 0 {
        let _ = writeln!(text, "holdout: {}%", f64::from(*holdout_permille) / 10.0);
    }
    if *on_change != OnChange::default() {
        let _ = writeln!(text, "on change: {}", on_change.name());
    }
    text.push_str("steps:\n");
    steps(&mut text, list, "  ");
    text
}

fn broadcast(name: &str, broadcast: &Broadcast) -> String {
    let Broadcast { message, purpose, channels: named, choices: open, to, at, pace, holdout_permille } =
        broadcast;
    let mut text = format!("broadcast: {name}\nmessage: {}\npurpose: {}\n", scalar(message), scalar(purpose));
    choices(&mut text, named, open, "");
    let _ = writeln!(text, "to: {}\nat: {}", scalar(to), scalar(at));
    if let Some(pace) = pace {
        let _ = writeln!(text, "pace: {}", scalar(pace));
    }
    if *holdout_permille > 0 {
        let _ = writeln!(text, "holdout: {}%", f64::from(*holdout_permille) / 10.0);
    }
    text
}

fn steps(text: &mut String, list: &[Step], indent: &str) {
    for step in list {
        let (step, name) = step.named();
        self::step(text, step, indent);
        if let Some(name) = name {
            let _ = writeln!(text, "{indent}  name: {name}");
        }
    }
}

fn step(text: &mut String, step: &Step, indent: &str) {
    let _ = match step {
        Step::Wait(span) => writeln!(text, "{indent}- wait: {}", length(*span)),
        Step::WaitUntil { until, at_most } => writeln!(
            text,
            "{indent}- wait:\n{indent}    until: {}\n{indent}    at most: {}",
            scalar(until),
            length(*at_most)
        ),
        Step::WaitDate(until) => writeln!(text, "{indent}- wait: {{ until: {until} }}"),
        Step::WaitLocal { time, weekdays } => {
            let time = time.iter().map(|time| format!("until: \"{time}\""));
            let days = (!weekdays.is_empty()).then(|| format!("weekday: [{}]", weekdays.join(", ")));
            let fields: Vec<String> = days.into_iter().chain(time).collect();
            writeln!(text, "{indent}- wait: {{ {} }}", fields.join(", "))
        }
        Step::Send { message, channels: named, choices: open } => {
            let _ = writeln!(text, "{indent}- send: {}", scalar(message));
            choices(text, named, open, &format!("{indent}  "));
            Ok(())
        }
        Step::Branch(arms) => {
            let _ = writeln!(text, "{indent}- branch:");
            arms.iter().for_each(|one| arm(text, one, &format!("{indent}    ")));
            Ok(())
        }
        Step::Split { draw, ways } => {
            let _ = writeln!(text, "{indent}- split:");
            ways.iter().for_each(|one| way(text, one, &format!("{indent}    ")));
            match draw {
                Draw::Person => Ok(()),
                Draw::Run => writeln!(text, "{indent}  draw: each run"),
            }
        }
        Step::Update(traits) => {
            let _ = writeln!(text, "{indent}- update:");
            // JSON's values are YAML's.
            let each = |(name, value): (&String, &serde_json::Value)| {
                writeln!(text, "{indent}    {}: {value}", scalar(name))
            };
            traits.iter().try_for_each(each)
        }
        Step::Webhook(asked) => {
            webhook_step(text, asked, indent);
            Ok(())
        }
        Step::Start(journey) => writeln!(text, "{indent}- start: {}", scalar(journey)),
        Step::Offer(offer) => writeln!(text, "{indent}- offer: {}", scalar(offer)),
        Step::Exit => writeln!(text, "{indent}- exit"),
        Step::Named { .. } => unreachable!("invariant: the name was taken off"),
    };
}

fn webhook_step(text: &mut String, asked: &WebhookStep, indent: &str) {
    let WebhookStep { webhook, body, name, at_most, otherwise } = asked;
    let _ = writeln!(text, "{indent}- webhook: {}", scalar(webhook));
    if !body.is_empty() {
        let _ = writeln!(text, "{indent}  body:");
    }
    for (name, value) in body {
        let _ = writeln!(text, "{indent}    {}: {}", scalar(name), scalar(value));
    }
    let _ = writeln!(text, "{indent}  as: {name}\n{indent}  at most: {}", length(*at_most));
    if !otherwise.is_empty() {
        then(text, &format!("{indent}  else:"), otherwise, indent);
    }
}

fn channel_rules(channels: &ChannelRules) -> String {
    let ChannelRules { own_hosts, rules } = channels;
    let mut text = String::new();
    if !own_hosts.is_empty() {
        text.push_str("own hosts:\n");
    }
    for host in own_hosts {
        let _ = writeln!(text, "  - {}", scalar(host));
    }
    if !rules.is_empty() {
        text.push_str("rules:\n");
    }
    for rule in rules {
        let ChannelRule { channel, direction, paid, online, .. } = rule;
        text.push_str("  - when:\n");
        for (name, pattern) in rule.conditions() {
            let _ = writeln!(text, "      {name}: {}", scalar(pattern));
        }
        let _ = writeln!(text, "    channel: {}", scalar(channel));
        if let Some(direction) = direction {
            let _ = writeln!(text, "    direction: {}", direction.name());
        }
        for (name, said) in [("paid", paid), ("online", online)] {
            if let Some(said) = said {
                let _ = writeln!(text, "    {name}: {said}");
            }
        }
    }
    text
}

fn webhook(name: &str, webhook: &Webhook) -> String {
    let Webhook { url, hears, fields } = webhook;
    let mut text = format!("{name}:\n  url: {}\n", scalar(url));
    for (field, list) in [("hears", hears), ("fields", fields)] {
        if !list.is_empty() {
            let _ = writeln!(text, "  {field}:");
        }
        for one in list {
            let _ = writeln!(text, "    - {}", scalar(one));
        }
    }
    text
}

fn way(text: &mut String, way: &Way, indent: &str) {
    let _ = writeln!(text, "{indent}- share: {}%", f64::from(way.share_permille) / 10.0);
    then(text, &format!("{indent}  then:"), &way.then, indent);
}

fn arm(text: &mut String, arm: &Arm, indent: &str) {
    let then = match &arm.when {
        Some(when) => {
            let _ = writeln!(text, "{indent}- if: {}", scalar(when));
            format!("{indent}  then:")
        }
        None => format!("{indent}- else:"),
    };
    self::then(text, &then, &arm.then, indent);
}

fn then(text: &mut String, field: &str, list: &[Step], indent: &str) {
    if list.is_empty() {
        let _ = writeln!(text, "{field} []");
    } else {
        let _ = writeln!(text, "{field}");
        steps(text, list, &format!("{indent}    "));
    }
}

/// A length of time in a unit that can be read again; the engine has none below the second.
pub(super) fn length(span: Span) -> String {
    span.to_string()
}

/// A text as YAML reads it back: plain where that is safe, otherwise in quotes.
/// The same inside braces, where commas and brackets divide.
pub(super) fn in_braces(text: &str) -> String {
    match text.contains([',', '[', ']', '{', '}']) {
        true => serde_json::Value::from(text).to_string(),
        false => scalar(text),
    }
}

pub(super) fn scalar(text: &str) -> String {
    let special = |c: char| "-?:,[]{}#&*!|>'\"%@`~=<".contains(c);
    let starts_plain = text.starts_with(|c: char| !special(c) && !c.is_whitespace());
    let ends_plain = !text.ends_with(|c: char| c.is_whitespace() || c == ':');
    let inside_plain = !text.contains(": ") && !text.contains(" #") && !text.contains(char::is_control);
    let is_word = !matches!(text, "" | "null" | "~");
    if starts_plain && ends_plain && inside_plain && is_word {
        return text.to_owned();
    }
    if text.contains(char::is_control) {
        // JSON's escapes are YAML's.
        return serde_json::Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_must_be() {
        for (text, written) in [
            ("did \"Order Completed\"", "did \"Order Completed\""),
            ("Benvenuta", "Benvenuta"),
            ("{{ profile.first_name }}", "'{{ profile.first_name }}'"),
            ("l'età: due", "'l''età: due'"),
            ("two\nlines", "\"two\\nlines\""),
            ("", "''"),
            ("null", "'null'"),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
