package dev.chancery.egress;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The head of an HTTP/1.1 request, read so strictly that no other reader finds another request in the same bytes: what RFC 9112 leaves to
 * a recipient to repair is refused.
 *
 * @param body how the body is framed
 */
record RequestHead(String method, String target, List<Field> fields, Body body) {
    static final int MAX_FIELDS = 100;

    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}");
    private static final Pattern TARGET = Pattern.compile("[!-~]{1,8192}");
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

    /** What concerns one connection and is not passed on, whether {@code Connection} names it or not. */
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    record Field(String name, String value) {
        boolean is(String other) {
            return name.equalsIgnoreCase(other);
        }
    }

    /** How a body is framed. */
    sealed interface Body {
        /** @param length 0: there is none */
        record OfLength(long length) implements Body {}

        record Chunked() implements Body {}
    }

    /** Not a request, or one that could be read in two ways. The message says why. */
    static final class Malformed extends IOException {
        private static final long serialVersionUID = 1;

        Malformed(String why) {
            super(why);
        }
    }

    /** @param head with the empty line at its end */
    static RequestHead parse(byte[] head) throws Malformed {
        List<String> lines = lines(head);
        String[] first = lines.getFirst().split(" ", -1);
        if (first.length != 3
                || !TOKEN.matcher(first[0]).matches()
                || !TARGET.matcher(first[1]).matches()) {
            throw new Malformed("the first line is no request line");
        }
        if (!first[2].equals("HTTP/1.1")) {
            throw new Malformed("only HTTP/1.1 is spoken here");
        }
        List<Field> fields = fields(lines.subList(1, lines.size()));
        if (all(fields, "host").size() != 1) {
            throw new Malformed("a request has one Host");
        }
        return new RequestHead(first[0], first[1], fields, body(fields));
    }

    /** The lines up to the empty one; each ends in CRLF, and neither CR nor LF stands anywhere else. */
    private static List<String> lines(byte[] head) throws Malformed {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        if (!text.endsWith("\r\n\r\n")) {
            throw new Malformed("the head does not end");
        }
        List<String> lines = new ArrayList<>(
                Arrays.asList(text.substring(0, text.length() - 4).split("\r\n", -1)));
        for (String line : lines) {
            if (line.indexOf('\r') >= 0 || line.indexOf('\n') >= 0) {
                throw new Malformed("a line ends in CRLF, not in CR or LF alone");
            }
            if (line.isEmpty()) {
                throw new Malformed("there is an empty line in the head");
            }
        }
        return lines;
    }

    private static List<Field> fields(List<String> lines) throws Malformed {
        if (lines.size() > MAX_FIELDS) {
            throw new Malformed("there are more than " + MAX_FIELDS + " fields");
        }
        List<Field> fields = new ArrayList<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
                throw new Malformed("a field goes on in another line");
            }
            if (colon < 1 || !TOKEN.matcher(line.substring(0, colon)).matches()) {
                throw new Malformed("a field has no name, or one with blanks");
            }
            String value = line.substring(colon + 1).replaceAll("^[ \t]{1,8192}|[ \t]{1,8192}$", "");
            if (value.chars().anyMatch(c -> c < ' ' && c != '\t' || c == 0x7f)) {
                throw new Malformed("a field's value has control characters");
            }
            fields.add(new Field(line.substring(0, colon), value));
        }
        return List.copyOf(fields);
    }

    private static Body body(List<Field> fields) throws Malformed {
        List<String> lengths = all(fields, "content-length");
        List<String> codings = all(fields, "transfer-encoding");
        if (lengths.size() + codings.size() > 1) {
            throw new Malformed("a body has one Content-Length, or is chunked, and not both");
        }
        if (!codings.isEmpty()) {
            if (!codings.getFirst().equalsIgnoreCase("chunked")) {
                throw new Malformed("the only transfer coding is chunked");
            }
            return new Body.Chunked();
        }
        if (lengths.isEmpty()) {
            return new Body.OfLength(0);
        }
        if (!LENGTH.matcher(lengths.getFirst()).matches()) {
            throw new Malformed("Content-Length is a number");
        }
        return new Body.OfLength(Long.parseLong(lengths.getFirst()));
    }

    private static List<String> all(List<Field> fields, String name) {
        return fields.stream().filter(field -> field.is(name)).map(Field::value).toList();
    }

    List<String> values(String name) {
        return all(fields, name);
    }

    Optional<String> field(String name) {
        return all(fields, name).stream().findFirst();
    }

    String host() {
        return field("host").orElseThrow();
    }

    /** What is passed on: for the origin alone, with a connection for this request alone. */
    byte[] forOrigin(String authority, String path) {
        Set<String> dropped = new TreeSet<>(HOP_BY_HOP);
        all(fields, "connection")
                .forEach(value -> Arrays.stream(value.toLowerCase(Locale.ROOT).split(","))
                        .map(String::strip)
                        .forEach(dropped::add));
        dropped.add("host");
        dropped.remove("content-length");
        var head = new StringBuilder()
                .append(method)
                .append(' ')
                .append(path)
                .append(" HTTP/1.1\r\nHost: ")
                .append(authority)
                .append("\r\n");
        for (Field field : fields) {
            if (!dropped.contains(field.name().toLowerCase(Locale.ROOT))) {
                head.append(field.name()).append(": ").append(field.value()).append("\r\n");
            }
        }
        if (body instanceof Body.Chunked) {
            head.append("Transfer-Encoding: chunked\r\n");
        }
        return head.append("Via: 1.1 chancery\r\nConnection: close\r\n\r\n")
                .toString()
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** A response's head for the client: without what concerns the connection to the origin. */
    static byte[] responseForClient(byte[] head) throws Malformed {
        List<String> lines = lines(head);
        if (!lines.getFirst().matches("HTTP/1\\.[01] [1-5][0-9]{2}( [\\t -~\\u0080-\\u00ff]{0,512})?")) {
            throw new Malformed("the first line is no status line");
        }
        List<Field> fields = fields(lines.subList(1, lines.size()));
        Set<String> dropped = new TreeSet<>(HOP_BY_HOP);
        dropped.remove("transfer-encoding");
        all(fields, "connection")
                .forEach(value -> Arrays.stream(value.toLowerCase(Locale.ROOT).split(","))
                        .map(String::strip)
                        .forEach(dropped::add));
        dropped.remove("content-length");
        var text = new StringBuilder(lines.getFirst()).append("\r\n");
        for (Field field : fields) {
            if (!dropped.contains(field.name().toLowerCase(Locale.ROOT))) {
                text.append(field.name()).append(": ").append(field.value()).append("\r\n");
            }
        }
        boolean isFinal = lines.getFirst().charAt(9) != '1';
        return text.append(isFinal ? "Via: 1.1 chancery\r\nConnection: close\r\n\r\n" : "\r\n")
                .toString()
                .getBytes(StandardCharsets.ISO_8859_1);
    }
}
