package dev.chancery.redaction;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** RFC 8259 to the letter, for what the formatter writes: objects, arrays, strings, whole numbers; no white space, no duplicate name. */
final class StrictJson {
    private final String text;
    private int next;

    private StrictJson(String text) {
        this.text = text;
    }

    static Map<String, Object> object(String text) {
        var json = new StrictJson(text);
        Map<String, Object> object = json.object();
        json.require(json.next == text.length());
        return object;
    }

    private Object value() {
        return switch (text.charAt(next)) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            default -> number();
        };
    }

    private Map<String, Object> object() {
        var object = new LinkedHashMap<String, Object>();
        take('{');
        if (text.charAt(next) != '}') {
            do {
                String name = string();
                take(':');
                require(object.put(name, value()) == null);
            } while (taken(','));
        }
        take('}');
        return object;
    }

    private List<Object> array() {
        var array = new ArrayList<>();
        take('[');
        if (text.charAt(next) != ']') {
            do {
                array.add(value());
            } while (taken(','));
        }
        take(']');
        return array;
    }

    private Long number() {
        int start = next;
        while (Character.isDigit(text.charAt(next))) {
            next++;
        }
        return Long.valueOf(text.substring(start, next));
    }

    private String string() {
        var string = new StringBuilder();
        take('"');
        while (text.charAt(next) != '"') {
            char c = text.charAt(next++);
            require(c >= ' ');
            if (c == '\\') {
                c = text.charAt(next++);
                switch (c) {
                    case '"', '\\' -> string.append(c);
                    case 'n' -> string.append('\n');
                    case 't' -> string.append('\t');
                    case 'u' -> {
                        string.append((char) Integer.parseInt(text, next, next + 4, 16));
                        next += 4;
                    }
                    default -> require(false);
                }
            } else {
                string.append(c);
            }
        }
        take('"');
        return string.toString();
    }

    private boolean taken(char c) {
        boolean there = text.charAt(next) == c;
        next += there ? 1 : 0;
        return there;
    }

    private void take(char c) {
        require(taken(c));
    }

    private void require(boolean holds) {
        if (!holds) {
            throw new IllegalArgumentException("no JSON at character " + next);
        }
    }
}
