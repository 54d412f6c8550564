// A program on the feed, which prints what it is told: one line of JSON each.

import { connect } from "./feed.mjs";
import { WebSocket } from "./websocket.mjs";

const [url, options] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const feed = connect(url, { ...JSON.parse(options), WebSocket, onConnection: (connected) => print({ connected }) });
try {
  for await (const message of feed) {
    const { topic, kind, body, missed, lost, restarted, jpeg, text } = message;
    const at = kind === "text" ? feed.at(body.captured_at + 0.1, body.source) : undefined;
    print({ topic, body, missed, lost, restarted, at, jpeg: jpeg?.length, text, positions: feed.positions });
    if (jpeg) feed.drawn(message);
  }
} catch (error) {
  print({ error: error.message });
}
