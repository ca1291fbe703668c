//! What operators say of journeys, broadcasts and webhooks as they run. All of it is one record with another word, so a
//! handler is a line that says which.

/// A handler that records a command to one of them.
macro_rules! command {
    ($(#[doc = $words:literal])* $handler:ident, $path:literal, $of:ident, $command:ident) => {
        $(#[doc = $words])*
        #[utoipa::path(
            post,
            path = $path,
            params(("name" = String, Path, description = "Its name in the programme")),
            responses(
                (status = 200, body = crate::api::consents::Recorded),
                (status = 404, body = crate::problem::Problem),
                (status = 409, body = crate::problem::Problem)
            )
        )]
        pub(super) async fn $handler(
            axum::extract::State(hub): axum::extract::State<std::sync::Arc<crate::hub::Hub>>,
            axum::Extension(holder): axum::Extension<crate::keys::Holder>,
            axum::extract::Path(name): axum::extract::Path<String>,
        ) -> Result<axum::Json<crate::api::consents::Recorded>, crate::problem::Problem> {
            use engine::record::{Command, Commandable};
            let what = (Commandable::$of, name.as_str());
            crate::api::commands::recorded(&hub, what, Command::$command, &holder).await
        }
    };
}
pub(super) use command;

use super::consents::Recorded;
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::Json;
use engine::record::{Command, Commandable, Commanded, Record};

/// Records what an operator says of one of them.
pub(super) async fn recorded(
    hub: &Hub,
    (what, name): (Commandable, &str),
    command: Command,
    holder: &Holder,
) -> Result<Json<Recorded>, Problem> {
    let commanded = Commanded { what, name, command, commanded_at: clock::now(), operator: &holder.name };
    Ok(Recorded::at(hub.act(holder, &Record::Commanded(commanded)).await?))
}
