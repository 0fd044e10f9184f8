//! beckon-providers
