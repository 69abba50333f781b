package com.example.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Events that could not be read, in a file: a line each, four words with spaces between them, each in base64. An event that is parked twice,
 * since the program ended before it had committed its offset, is there once.
 */
final class ParkedEvents {
    private final Path file;

    ParkedEvents(Path file) {
        this.file = file;
    }

    /** On the disk when this returns. */
    void park(Event event) throws IOException {
        if (all().stream()
                .anyMatch(
                        parked -> parked.id().equals(event.id()) && !event.id().isEmpty())) {
            return;
        }
        Files.writeString(
                file,
                line(event) + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND,
                StandardOpenOption.SYNC);
        System.out.println("parked " + event.id() + " " + event.type());
    }

    List<Event> all() throws IOException {
        List<Event> events = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                String[] words = line.split(" ", -1);
                if (words.length == 4) {
                    events.add(new Event(text(words[0]), text(words[1]), text(words[2]), bytes(words[3])));
                }
            }
        }
        return events;
    }

    void list() throws IOException {
        for (Event event : all()) {
            System.out.println(event.id() + " " + event.type() + " " + event.subject());
        }
    }

    /** Applies those that can be read by now, and keeps the others. */
    void replay() throws IOException {
        var left = new StringBuilder();
        for (Event event : all()) {
            if (!event.apply()) {
                left.append(line(event)).append('\n');
            }
        }
        Path written = Files.writeString(
                file.resolveSibling(file.getFileName() + ".next"),
                left,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                StandardOpenOption.SYNC);
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String line(Event event) {
        return word(event.id().getBytes(UTF_8)) + " " + word(event.type().getBytes(UTF_8)) + " "
                + word(event.subject().getBytes(UTF_8)) + " " + word(event.body());
    }

    private static String word(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] bytes(String word) {
        return Base64.getDecoder().decode(word);
    }

    private static String text(String word) {
        return new String(bytes(word), UTF_8);
    }
}
