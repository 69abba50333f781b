package dev.chancery.dsar;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.dsar.Holders.Holder;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.schema.dsar.v1.HolderAnswered;
import dev.chancery.schema.options.v1.RetentionClass;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Optional;

/** What a subject gets: JSON, of what Chancery and the systems hold about it, with purposes, recipients and retention; docs/reference/formats.md. */
final class ExportPackage {
    private ExportPackage() {}

    static byte[] write(
            Keyring keyring, String tenant, Request request, Holders holders, SubjectData.Found found, long atMicros) {
        JsonArrayBuilder systems = Json.createArrayBuilder();
        for (Task task : request.tasksInOrder()) {
            JsonObjectBuilder system = Json.createObjectBuilder().add("system", task.holder());
            Optional<Holder> holder = holders.find(task.holder());
            holder.ifPresent(known -> system.add("recipient", known.name())
                    .add("purpose", known.registered().getPurpose())
                    .add("retention", retention(known.registered().getRetentionDays())));
            if (task.isDone()) {
                system.add("data", exported(keyring, tenant, request, task).orElse(JsonValue.NULL));
            } else {
                system.add("missing", task.code().isEmpty() ? "not-answered" : task.code());
            }
            systems.add(system);
        }
        return Json.createObjectBuilder()
                .add("format", "chancery/subject-export@v1")
                .add("request", request.received().getRequestId())
                .add("subject", request.subject())
                .add("made", CompletionStatement.time(atMicros))
                .add(
                        "chancery",
                        Json.createObjectBuilder()
                                .add("purpose", "accounts, access control and the record of who did what")
                                .add("recipients", Json.createArrayBuilder())
                                .add(
                                        "retention",
                                        "until the organisation erases you; restricted values are not exported")
                                .add("records", found.records()))
                .add("systems", systems)
                .build()
                .toString()
                .getBytes(UTF_8);
    }

    static List<String> missing(Request request) {
        return request.tasksInOrder().stream()
                .filter(task -> !task.isDone())
                .map(Task::holder)
                .toList();
    }

    private static String retention(int days) {
        return days == 0 ? "as long as you are a customer" : days + " days";
    }

    private static Optional<JsonValue> exported(Keyring keyring, String tenant, Request request, Task task) {
        return task.exported()
                .flatMap(answer -> keyring.open(
                                new SealContext(
                                        tenant,
                                        request.subject(),
                                        RetentionClass.RETENTION_CLASS_AUDIT,
                                        task.exportedEntry(),
                                        HolderAnswered.getDescriptor().getFullName(),
                                        "exported"),
                                answer)
                        .text())
                .flatMap(Answers::json);
    }
}
