package dev.chancery.cli.export;

import java.io.IOException;
import java.util.List;

/** What a checkpoint says of its log (C2SP tlog-checkpoint). Its signature is the auditor's to judge. */
record Checkpoint(String origin, long size) {
    private static final String SIZE = "0|[1-9][0-9]{0,17}";

    static Checkpoint parse(String note) throws IOException {
        List<String> lines = note.lines().limit(4).toList();
        if (lines.size() < 4
                || lines.get(0).isEmpty()
                || !lines.get(1).matches(SIZE)
                || !lines.get(3).isEmpty()) {
            throw new IOException("what the instance sent is no checkpoint");
        }
        return new Checkpoint(lines.get(0), Long.parseLong(lines.get(1)));
    }
}
