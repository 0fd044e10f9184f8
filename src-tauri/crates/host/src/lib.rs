//! beckon-host
