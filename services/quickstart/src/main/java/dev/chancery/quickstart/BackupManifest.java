package dev.chancery.quickstart;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a backup holds, as it says itself, under the signature of whoever has the key file.
 *
 * @param what of the instance
 * @param instance whose it is
 * @param from when it was begun: what was recorded before is in it
 * @param until when it was done: what was recorded after is not in it
 * @param keyVersions of the key file's rings, by which the backup's keys are sealed: without one of them something in it does not open
 * @param logs records of each log, at least
 * @param files by name, each with its SHA-256 in hex
 */
record BackupManifest(
        What what,
        String instance,
        Instant from,
        Instant until,
        KeyVersions keyVersions,
        Map<String, Long> logs,
        Map<String, String> files) {
    private static final String FORMAT = "chancery-backup/1";

    /** What a backup is of. */
    enum What {
        /** All of PostgreSQL. */
        INSTANCE,
        /** The keys alone, see {@link KeyTables}. */
        KEYS
    }

    /** Versions of the ring that seals organisations' keys, and of the one that seals keys that sign and environments' keys. */
    record KeyVersions(List<Integer> ring, List<Integer> installationRing) {}

    /** The same of these files. */
    BackupManifest of(Map<String, String> hashes) {
        return new BackupManifest(what, instance, from, until, keyVersions, logs, hashes);
    }

    byte[] bytes() {
        var records = Json.createObjectBuilder();
        logs.forEach(records::add);
        var hashes = Json.createObjectBuilder();
        files.forEach(hashes::add);
        return Json.createObjectBuilder()
                .add("format", FORMAT)
                .add("of", what.name())
                .add("instance", instance)
                .add("fromMillis", from.toEpochMilli())
                .add("untilMillis", until.toEpochMilli())
                .add("keyVersions", array(keyVersions.ring()))
                .add("installationKeyVersions", array(keyVersions.installationRing()))
                .add("logs", records)
                .add("files", hashes)
                .build()
                .toString()
                .getBytes(StandardCharsets.UTF_8);
    }

    private static JsonArrayBuilder array(List<Integer> numbers) {
        var array = Json.createArrayBuilder();
        numbers.forEach(array::add);
        return array;
    }

    private static List<Integer> numbers(JsonObject said, String name) {
        return said.getJsonArray(name).getValuesAs(JsonNumber::intValueExact);
    }

    /** @throws IOException if it is no manifest of this version */
    static BackupManifest of(byte[] bytes) throws IOException {
        try (var reader = Json.createReader(new StringReader(new String(bytes, StandardCharsets.UTF_8)))) {
            JsonObject said = reader.readObject();
            if (!FORMAT.equals(said.getString("format"))) {
                throw new IOException("another version of Chancery wrote it");
            }
            var logs = new LinkedHashMap<String, Long>();
            said.getJsonObject("logs")
                    .forEach((log, records) -> logs.put(log, ((JsonNumber) records).longValueExact()));
            var files = new LinkedHashMap<String, String>();
            said.getJsonObject("files").forEach((name, hash) -> files.put(name, ((JsonString) hash).getString()));
            return new BackupManifest(
                    What.valueOf(said.getString("of")),
                    said.getString("instance"),
                    Instant.ofEpochMilli(said.getJsonNumber("fromMillis").longValueExact()),
                    Instant.ofEpochMilli(said.getJsonNumber("untilMillis").longValueExact()),
                    new KeyVersions(numbers(said, "keyVersions"), numbers(said, "installationKeyVersions")),
                    logs,
                    files);
        } catch (JsonException
                | ClassCastException
                | NullPointerException
                | ArithmeticException
                | IllegalArgumentException e) {
            throw new IOException("its manifest can't be read", e);
        }
    }
}
