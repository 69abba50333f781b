package dev.chancery.auditor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Compares the export's hash tiles with those that its entries yield, as soon as a tile is full. */
final class HashTiles implements Tree.TileNodes {
    private static final int FULL_BYTES = Series.WIDTH * Hashing.LENGTH;

    private final ExportFiles export;
    private final Findings findings;
    private final List<Level> levels = new ArrayList<>();

    private static final class Level {
        private final byte[] hashes = new byte[FULL_BYTES];
        private int bytes;
        private long tilesBefore;
    }

    HashTiles(ExportFiles export, Findings findings) {
        this.export = export;
        this.findings = findings;
    }

    @Override
    public void add(int tileLevel, byte[] hash) {
        if (tileLevel == levels.size()) {
            levels.add(new Level());
        }
        Level level = levels.get(tileLevel);
        System.arraycopy(hash, 0, level.hashes, level.bytes, Hashing.LENGTH);
        level.bytes += Hashing.LENGTH;
        if (level.bytes == FULL_BYTES) {
            compare(tileLevel, level);
            level.bytes = 0;
            level.tilesBefore++;
        }
    }

    /** After the last leaf: the partial tiles. */
    void finish() {
        for (int tileLevel = 0; tileLevel < levels.size(); tileLevel++) {
            if (levels.get(tileLevel).bytes > 0) {
                compare(tileLevel, levels.get(tileLevel));
            }
        }
    }

    private void compare(int tileLevel, Level level) {
        long hashesBefore = level.tilesBefore * Series.WIDTH;
        String path = Layout.hashes(tileLevel, hashesBefore + level.bytes / Hashing.LENGTH)
                .path(level.tilesBefore);
        byte[] found;
        try {
            found = export.read(path, FULL_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (found == null) {
            return;
        }
        if (found.length != level.bytes) {
            findings.add(path, Rule.TILE, "not " + level.bytes + " bytes long");
            return;
        }
        int differs = Arrays.mismatch(found, 0, found.length, level.hashes, 0, level.bytes);
        if (differs >= 0) {
            int hash = differs / Hashing.LENGTH;
            findings.add(
                    path,
                    Rule.TILE,
                    "hash " + hash + " (node " + (hashesBefore + hash) + " of tile level " + tileLevel
                            + ") is not that of the entries");
        }
    }
}
