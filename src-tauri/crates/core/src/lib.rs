//! The vocabulary of Beckon: what a namespace, a function, a run, a token and an error *are*.
//!
//! Nothing here does I/O. Every other crate speaks in these types, and those that cross to the window derive
//! [`ts_rs::TS`], so that the TypeScript side is generated and cannot drift.
//!
//! Times are [`Millis`] since the Unix epoch (UTC), durations are milliseconds, sizes are bytes, unless a name
//! says otherwise.

mod activation;
mod capabilities;
mod clock;
mod connection;
mod contract;
mod delivery;
mod deployment;
mod entity;
mod error;
mod event;
mod exchange;
pub mod filter;
mod function;
mod guard;
mod id;
mod image;
mod json;
mod name;
mod quota;
mod runtime;
mod saved_request;
mod scaling;
mod schedule;
mod secret;
mod settings;
mod space;
mod token;
mod trigger;

pub use activation::{
    Activation, ActivationSummary, CallbackState, Cause, LogLine, LogStream, Mode, Status, StatusGroup,
    Timing,
};
pub use capabilities::{CallForm, Capabilities};
pub use clock::{Clock, Millis};
pub use connection::{Account, Connection, ConnectionKind, ConnectionState, Environment, LOCAL, Looks};
pub use contract::Contract;
pub use delivery::{
    Callback, Delivery, DeliveryAttempt, DeliveryCounts, DeliveryFilter, DeliveryRules, DeliveryState,
    DeliverySummary, DestinationKind, Excerpt, Inbox, InboxKind, InboxMessage, MatchedBy, Purpose,
    masked_url,
};
pub use deployment::{
    DeployedImage, Deployment, FunctionLogAsk, FunctionLogLine, NamespaceMetadata, Readiness, ReadyState,
    Texts,
};
pub use entity::{Collection, Content, Entity, EntityKey, JoinedRule, KnownEntity, PackagedFunction};
pub use error::{Error, ErrorCode, Result};
pub use event::Event;
pub use exchange::{BodyForm, Exchange};
pub use function::{
    CodePackage, Function, FunctionSummary, Limits, LostPolicy, NamedJson, Namespace, NewFunction, Version,
    WebExport,
};
pub use guard::Guard;
pub use id::{ActivationId, random_hex};
pub use image::Image;
pub use json::JsonText;
pub use name::{EntityName, FunctionKey, FunctionName, FunctionRef, NamespaceName};
pub use quota::Quota;
pub use runtime::{Language, Runtime, RuntimeStatus};
pub use saved_request::SavedRequest;
pub use scaling::{Scaling, ScalingLoad};
pub use schedule::{
    Firing, FiringOutcome, LABEL_LIMIT, MissedPolicy, NewSchedule, Noted, PreviewedTime, Schedule,
    SchedulePreview, ScheduleState, label,
};
pub use secret::Secret;
pub use settings::{Destination, FolderSource, Jitter, Retry, Settings, Watchdog};
pub use space::{
    FunctionOptions, NewSpaceTrigger, SpaceBroker, SpaceTrigger, SpaceTriggerSource, SpaceTriggerStatus,
};
pub use token::{Token, TokenKind, TokenScope, hint_of};
pub use trigger::{
    CredentialKind, NewTrigger, Subscription, TopicTrigger, Trigger, TriggerCounts, TriggerState,
};
