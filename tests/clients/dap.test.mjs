// A debug session through Microsoft's own test client, over the adapter's two transports.
//
// TIDELOCK_CLIENTS names the folder of node_modules, PROGRAM a copy of examples/tides/main.lua;
// `tidelock` is found on PATH.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

const packages = createRequire(path.join(process.env.TIDELOCK_CLIENTS, "package.json"));
const { DebugClient } = packages("@vscode/debugadapter-testsupport");
const program = process.env.PROGRAM;
const predictor = path.join(path.dirname(program), "predictor.lua");

/** The number of the line of a file that holds a text. */
function lineOf(file, text) {
  const at = readFileSync(file, "utf8").split("\n").findIndex((line) => line.includes(text));
  assert.notEqual(at, -1, `${file} has no ${text}`);
  return at + 1;
}

/** A client that keeps what the program printed. */
function client() {
  const made = new DebugClient("", "", "tidelock");
  made.defaultTimeout = 20_000;
  made.printed = "";
  made.on("output", ({ body }) => {
    if (body.category === "stdout") made.printed += body.output;
  });
  return made;
}

/** Initialize, set what is to be set, launch; resolves when the launch is answered. */
async function launch(dc, breakpoints, more = {}) {
  const manner = { adapterID: "tidelock", pathFormat: "path", supportsVariableType: true };
  const capabilities = (await dc.initializeRequest(manner)).body;
  assert.ok(capabilities.supportsConditionalBreakpoints);
  assert.ok(capabilities.supportsSetVariable);
  const ready = dc.waitForEvent("initialized");
  const launched = dc.launchRequest({ program, args: ["2026-11-21", "1"], ...more });
  await ready;
  const set = [];
  for (const [file, wanted] of breakpoints) {
    const source = { path: file };
    const answer = await dc.setBreakpointsRequest({ source, breakpoints: wanted });
    set.push(...answer.body.breakpoints);
  }
  await dc.configurationDoneRequest();
  await launched;
  return set;
}

/** Ask for something that ends in a stop; the frames there, innermost first. */
async function stop(dc, reason, request) {
  const stopped = dc.waitForEvent("stopped");
  await request();
  const { body } = await stopped;
  assert.equal(body.reason, reason);
  assert.deepEqual((await dc.threadsRequest()).body.threads.map((one) => one.id), [body.threadId]);
  const trace = await dc.stackTraceRequest({ threadId: body.threadId });
  return trace.body.stackFrames;
}

async function scope(dc, frame, name) {
  const { scopes } = (await dc.scopesRequest({ frameId: frame.id })).body;
  const found = scopes.find((one) => one.name === name);
  assert.ok(found, `no ${name} among ${scopes.map((one) => one.name)}`);
  return found.variablesReference;
}

async function values(dc, variablesReference) {
  const { variables } = (await dc.variablesRequest({ variablesReference })).body;
  return Object.fromEntries(variables.map((one) => [one.name, one]));
}

async function evaluate(dc, expression, frame) {
  const answer = await dc.evaluateRequest({ expression, frameId: frame.id, context: "repl" });
  return answer.body.result;
}

const threadId = 1;

test("a whole session over stdio", async (t) => {
  const adapter = spawn("tidelock", ["dap", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => adapter.kill());
  const left = once(adapter, "exit");
  const dc = client();
  dc.connect(adapter.stdout, adapter.stdin);

  const sum = lineOf(predictor, "height = height + wave.amplitude");
  const call = lineOf(program, "print(report.bar(index - 1, height))");
  let frames = await stop(dc, "breakpoint", async () => {
    const set = await launch(dc, [
      [predictor, [{ line: sum, condition: 'wave.name == "N2"' }]],
      [program, [{ line: call, condition: "index == 3" }]],
    ]);
    assert.deepEqual(set.map((one) => [one.verified, one.line]), [[true, sum], [true, call]]);
  });
  assert.equal(frames[0].source.path, predictor);
  assert.equal(frames[0].line, sum);
  assert.deepEqual(
    frames.filter((frame) => frame.source?.path === program).map((frame) => frame.line),
    [
      lineOf(program, "in ipairs(almanac.hourly(predictor, day))"),
      lineOf(program, "  print_curve(predictor, first)"),
      lineOf(program, "pcall(run, words)"),
    ],
  );

  // The line has not run: the height is still without this wave, and nothing was drawn.
  const height = Number(await evaluate(dc, "height", frames[0]));
  const wave = Number(await evaluate(dc, "wave.amplitude * cos(angle)", frames[0]));
  assert.equal(await evaluate(dc, "wave.name", frames[0]), '"N2"');
  assert.match(dc.printed, /hour by hour/);
  assert.doesNotMatch(dc.printed, /00:00/);
  frames = await stop(dc, "step", () => dc.nextRequest({ threadId }));
  const after = Number(await evaluate(dc, "height", frames[0]));
  assert.ok(Math.abs(after - height - wave) < 1e-9, `${height} + ${wave} is not ${after}`);

  // A value is set in the frame, and the program goes on with it.
  const locals = await scope(dc, frames[0], "Locals");
  const shown = await values(dc, locals);
  assert.equal(Number(shown.height.value), after);
  assert.equal(shown.self.type, "table");
  const self = await values(dc, shown.self.variablesReference);
  assert.equal(self.harbour.type, "table");
  const set = { variablesReference: locals, name: "height", value: "4" };
  assert.equal((await dc.setVariableRequest(set)).body.value, "4");
  assert.equal(await evaluate(dc, "height", frames[0]), "4");
  await dc.setBreakpointsRequest({ source: { path: predictor }, breakpoints: [] });

  // Out of the sum, and of what asked for it; then on to the breakpoint in the main file.
  frames = await stop(dc, "step", () => dc.stepOutRequest({ threadId }));
  assert.notEqual(frames[0].source.path, predictor);
  frames = await stop(dc, "breakpoint", () => dc.continueRequest({ threadId }));
  assert.deepEqual([frames[0].source.path, frames[0].line], [program, call]);
  assert.equal(await evaluate(dc, "index", frames[0]), "3");
  assert.match(dc.printed, / 00:00 +3\.\d\d .*\n +01:00 .*\n$/);
  frames = await stop(dc, "step", () => dc.stepInRequest({ threadId }));
  assert.equal(path.basename(frames[0].source.path), "report.lua");
  frames = await stop(dc, "step", () => dc.stepOutRequest({ threadId }));
  assert.equal(frames[0].source.path, program);
  assert.doesNotMatch(dc.printed, /02:00/);
  frames = await stop(dc, "step", () => dc.nextRequest({ threadId }));
  assert.match(dc.printed, /02:00/);

  await assert.rejects(evaluate(dc, "index.", frames[0]), /expected/);
  await dc.setBreakpointsRequest({ source: { path: program }, breakpoints: [] });
  const exited = dc.waitForEvent("exited");
  const terminated = dc.waitForEvent("terminated");
  await dc.continueRequest({ threadId });
  assert.equal((await exited).body.exitCode, 0);
  await terminated;
  assert.match(dc.printed, /The year 2026/);
  await dc.disconnectRequest();
  adapter.stdin.end();
  assert.deepEqual(await left, [0, null]);
});

test("a stop on entry over TCP, and the program's end", async (t) => {
  const adapter = spawn("tidelock", ["dap", "--tcp", "0"], { stdio: ["ignore", "inherit", "pipe"] });
  t.after(() => adapter.kill());
  const left = once(adapter, "exit");
  const [said] = await once(createInterface({ input: adapter.stderr }), "line");
  const port = Number(/DAP listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
  assert.ok(port, said);
  const dc = client();
  await dc.start(port);
  const [entry] = await stop(dc, "entry", () => launch(dc, [], { stopOnEntry: true }));
  assert.equal(entry.source.path, program);
  assert.equal(await evaluate(dc, "FIRST_DAY", entry), "nil");
  const terminated = dc.waitForEvent("terminated");
  await dc.continueRequest({ threadId });
  await terminated;
  assert.match(dc.printed, /The year 2026/);
  await dc.stop();
  adapter.kill("SIGINT");
  assert.deepEqual(await left, [130, null]);
});
