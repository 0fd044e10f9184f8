export { RecordActions } from "./RecordActions";
export { type RecordTab, RecordView, type RecordViewProps } from "./RecordView";
export { linkTo, type RunActions, useRunActions } from "./useRunActions";
