/** icecore doctor: may this bucket hold a store? Tries everything that the protocol relies on, on objects of its own. */
import type { Command } from "@commander-js/extra-typings";
import { examineBucket } from "../../shared/drive/doctor.ts";
import type { Check } from "../../shared/drive/self-test.ts";
import type { CommandIo } from "../io.ts";
import { countText } from "../numbers.ts";
import { safeText } from "../screen.ts";
import { bucketCommand, openHost } from "../session.ts";

const examples = `
It writes only below probes/ and removes what it wrote. Exit code 1 when the bucket must not hold a store; warnings alone are 0.

Examples:
  $ icecore doctor --bucket 's3://notes?region=eu-central-1'
  $ icecore doctor --bucket 's3://notes?endpoint=http://127.0.0.1:7480' --json
  $ icecore doctor --bucket folder:./data`;

export function addDoctor(program: Command, io: CommandIo): void {
  bucketCommand(program, "doctor", "try whether a bucket may hold a store: conditions, order, clock, rules")
    .addHelpText("after", examples)
    .action(async (options) => {
      const host = await openHost(io, options, { maybeNew: true });
      const checks = await examineBucket(host);
      const bad = checks.filter(({ verdict }) => verdict === "bad").length;
      const warnings = checks.filter(({ verdict }) => verdict === "warning").length;
      if (bad > 0) io.finish(1);
      if (io.json) return io.screen.json({ bucket: host.bucket.name, ok: bad === 0, checks });
      for (const check of checks) print(io, check);
      const { paint, line } = io.screen;
      line();
      const counted = `${countText(checks.length - bad - warnings, "check")} passed, ${countText(warnings, "warning")}, ${bad} bad`;
      if (bad > 0) line(paint.red(`${host.bucket.name} must not hold a store: ${counted}`));
      else
        line((warnings > 0 ? paint.yellow : paint.green)(`${host.bucket.name} may hold a store: ${counted}`));
    });
}

const nameWidth = 14;

function print({ screen: { line, paint } }: CommandIo, { name, verdict, what, fix }: Check): void {
  const colour = verdict === "good" ? paint.green : verdict === "bad" ? paint.red : paint.yellow;
  const sign = verdict === "good" ? "ok" : verdict;
  line(`${colour(sign.padEnd(8))} ${paint.bold(name.padEnd(nameWidth))} ${safeText(what, 1_000)}`);
  if (fix !== "") line(paint.dim(`${" ".repeat(nameWidth + 10)}${safeText(fix, 1_000)}`));
}
