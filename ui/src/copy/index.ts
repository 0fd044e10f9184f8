export { CopyCurl } from "./CopyCurl";
export { copyCommand, TOKEN_WORDS } from "./copyCommand";
export { useCopyPrefs } from "./useCopyPrefs";
