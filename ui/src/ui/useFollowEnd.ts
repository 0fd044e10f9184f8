import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

/** As far from the end as still counts as its end, px. */
const NEAR = 8;

interface FollowedEnd {
  following: boolean;
  /** How many there were when the end was last in sight. */
  seen: number;
  setFollowing: (following: boolean) => void;
}

/** Keeps the end of a scrolling box in sight while it grows, until a person scrolls up. `count` is how many ever came. */
export function useFollowEnd(ref: RefObject<HTMLElement | null>, count: number): FollowedEnd {
  const [following, setFollowing] = useState(true);
  const seen = useRef(count);
  if (following) seen.current = count;

  // biome-ignore lint/correctness/useExhaustiveDependencies: more of them are what moves the end
  useLayoutEffect(() => {
    const { current: box } = ref;
    if (box && following) box.scrollTop = box.scrollHeight;
  }, [count, following, ref]);

  useEffect(() => {
    const { current: box } = ref;
    if (!box) return;
    let last = box.scrollTop;
    // Only a person moves it up.
    const onScroll = () => {
      if (box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR) setFollowing(true);
      else if (box.scrollTop < last) setFollowing(false);
      last = box.scrollTop;
    };
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => box.removeEventListener("scroll", onScroll);
  }, [ref]);

  return { following, seen: seen.current, setFollowing };
}
