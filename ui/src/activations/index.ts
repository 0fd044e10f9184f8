export { ActivationsView } from "./ActivationsView";
