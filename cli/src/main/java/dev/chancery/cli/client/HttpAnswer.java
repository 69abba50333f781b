package dev.chancery.cli.client;

import java.net.http.HttpHeaders;
import java.util.Map;

/** An HTTP answer as it came. */
public record HttpAnswer(int status, HttpHeaders headers, String text) {
    public boolean isSuccess() {
        return status / 100 == 2;
    }

    /** The body's JSON object; an empty one where the body is something else. */
    public Map<String, Object> json() {
        try {
            return Json.object(text);
        } catch (IllegalArgumentException e) {
            return Map.of();
        }
    }

    public String header(String name) {
        return headers.firstValue(name).orElse("");
    }

    /** The refusal that this is: an RFC 9457 problem, an OAuth error (RFC 6749, 5.2), or whatever a proxy in between says. */
    public Refused refusal() {
        Map<String, Object> problem = json();
        if (!Json.text(problem, "code").isEmpty()) {
            return new Refused(
                    Json.text(problem, "code"),
                    Json.text(problem, "message"),
                    Json.text(problem, "hint"),
                    Json.text(problem, "requestId"));
        }
        if (!Json.text(problem, "error").isEmpty()) {
            return new Refused("oauth." + Json.text(problem, "error"), Json.text(problem, "error_description"), "", "");
        }
        return new Refused("http." + status, "HTTP status " + status, "", "");
    }
}
