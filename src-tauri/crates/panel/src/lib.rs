//! beckon-panel
