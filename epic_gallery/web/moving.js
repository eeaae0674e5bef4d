// One move of the folder's pictures at a time, and nothing else meanwhile.
import { t } from "./language.js";
import * as status from "./status.js";

const BUTTONS = ["undo-move", "undo-last", "resume-unfinished", "undo-unfinished"].map((id) => document.getElementById(id));
let isMoving = false;

/** Whether pictures are being moved; then it is said, and nothing else may be begun. */
export function isHeld(pictures) {
  if (!isMoving) return false;
  const text = () => t("waitForMove");
  if (pictures) status.show(text, { count: 1, isBusy: true });
  else status.toast(text());
  return true;
}

/** Do `work`, which moves pictures away or back; `pictures` (null: none) are locked meanwhile. */
export async function holding(pictures, isAway, work) {
  const before = pictures?.isLocked;
  const lock = (isLocked) => pictures && Object.assign(pictures, { isLocked });
  isMoving = true;
  lock(true);
  for (const button of BUTTONS) button.disabled = true;
  try {
    const report = await work();
    lock(isAway);
    return report;
  } catch (error) {
    lock(before);
    throw error;
  } finally {
    isMoving = false;
    for (const button of BUTTONS) button.disabled = false;
  }
}
