/** icecore head: where a store stands. */
import type { Command } from "@commander-js/extra-typings";
import { readStoreHead } from "../../shared/drive/store.ts";
import { encodeHead, type Head } from "../../shared/wire/head.ts";
import type { CommandIo } from "../io.ts";
import { bytesText, countText } from "../numbers.ts";
import { safeText, table } from "../screen.ts";
import { openSession, storeCommand } from "../session.ts";
import { timeText, timeWithAge } from "../time.ts";

export function addHead(program: Command, io: CommandIo): void {
  storeCommand(program, "head", "show the store's head: what is sealed, published, and where it lies")
    .addHelpText(
      "after",
      "\nExamples:\n  $ icecore head --bucket folder:./data\n  $ icecore head --bucket folder:./data --json",
    )
    .action(async (options) => {
      const { host, store } = await openSession(io, options);
      const { head } = await readStoreHead(host, store);
      if (io.json) return io.screen.json(encodeHead(head));
      const { paint } = io.screen;
      const rows = [["store", `${store} in ${host.bucket.name}`], ...headRows(head, host.platform.now())];
      for (const line of table(rows, [paint.bold])) io.screen.line(line);
      if (head.segments.length === 0) return;
      io.screen.line();
      for (const line of table(segmentRows(head), [paint.dim])) io.screen.line(line);
    });
}

function headRows(head: Head, now: number): readonly (readonly string[])[] {
  const { segments, snapshots, marks, history } = head;
  const updates = segments.reduce((sum, entry) => sum + entry.count, 0);
  const bytes = segments.reduce((sum, entry) => sum + entry.bytes, 0);
  const inline = head.inline === undefined ? "" : ", newest inline";
  return [
    ["rev", `${head.rev}, epoch ${safeText(head.epoch, 40)}`],
    ["sealed through", timeWithAge(head.sealedThrough, now)],
    ["published through", timeWithAge(head.publishedThrough, now)],
    [
      "segments",
      `${segments.length} listed from ${timeText(head.floor)} on: ${countText(updates, "update")}, ${bytesText(bytes)}${inline}`,
    ],
    ...Object.entries(snapshots).map(([version, { through, bytes: size, key }]) => {
      return [
        "snapshot",
        `version ${version} through ${timeText(through)}, ${bytesText(size)}, ${safeText(key, 200)}`,
      ];
    }),
    ["marks", marks ? `through ${timeText(marks.through)}, ${safeText(marks.key, 200)}` : "none yet"],
    ["history", history ? `older segments in ${safeText(history.key, 200)}` : "all segments are listed"],
    ["link from", `rev ${head.linkFrom}`],
  ];
}

function segmentRows(head: Head): readonly (readonly string[])[] {
  return head.segments.map((entry) => {
    return [
      timeText(entry.through),
      countText(entry.count, "update"),
      bytesText(entry.bytes),
      safeText(entry.key, 200),
    ];
  });
}
