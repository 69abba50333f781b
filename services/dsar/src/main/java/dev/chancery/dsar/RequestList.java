package dev.chancery.dsar;

import dev.chancery.command.RefusedException;
import dev.chancery.projection.TenantTransaction;
import dev.chancery.schema.dsar.v1.HolderTask;
import dev.chancery.schema.dsar.v1.ListRequestsReply;
import dev.chancery.schema.dsar.v1.ListRequestsRequest;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestState;
import dev.chancery.schema.dsar.v1.RequestUrgency;
import dev.chancery.schema.dsar.v1.SubjectRequest;
import dev.chancery.schema.dsar.v1.TaskResult;
import io.quarkus.panache.common.Sort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Requests, the most urgent or the newest first. A page is one transaction. */
final class RequestList {
    static final int MAX_SIZE = 200;
    private static final int DEFAULT_SIZE = 100;

    /** A quarter of the time is left, and less. */
    private static final int WARNING_PART = 4;

    private static final String ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final Pattern PAGE = Pattern.compile("(?<at>-?[0-9]{1,18})(:(?<id>" + ID + "))?");
    private static final String WARNED = "(dueMicros - :now < (dueMicros - receivedMicros) / " + WARNING_PART
            + " or not acknowledged and acknowledgeMicros <= :now)";

    /** @param everybody whether all requests are its to see; otherwise its own */
    record Viewer(String id, boolean everybody) {}

    /** A request with what systems were asked. */
    record Detail(SubjectRequest request, List<HolderTask> tasks, List<String> holds) {}

    private final List<String> conditions = new ArrayList<>();
    private final Map<String, Object> values = new HashMap<>();

    private RequestList() {}

    static ListRequestsReply page(String tenant, Viewer viewer, ListRequestsRequest request, long atMicros)
            throws RefusedException {
        int size = request.getPageSize() == 0 ? DEFAULT_SIZE : request.getPageSize();
        Matcher page = PAGE.matcher(request.getPage());
        boolean first = request.getPage().isEmpty();
        if (Integer.compareUnsigned(size, MAX_SIZE) > 0
                || !first && (!page.matches() || request.getOpen() == (page.group("id") == null))) {
            throw new RefusedException(DsarRejection.PAGE);
        }
        var query = seenBy(viewer).filtered(request, atMicros);
        if (!first) {
            long at = Long.parseLong(page.group("at"));
            if (request.getOpen()) {
                query.where("(dueMicros > :at or dueMicros = :at and id > :id)", "at", at);
                query.values.put("id", UUID.fromString(page.group("id")));
            } else {
                query.where("receivedPosition < :at", "at", at);
            }
        }
        return TenantTransaction.in(tenant, RequestRow.class, () -> {
            List<RequestRow> rows = query.rows(
                    request.getOpen() ? Sort.ascending("dueMicros", "id") : Sort.descending("receivedPosition"),
                    size + 1);
            List<RequestRow> shown = rows.subList(0, Math.min(size, rows.size()));
            Map<UUID, Long> parked = parked(shown);
            var reply = ListRequestsReply.newBuilder();
            shown.forEach(row -> reply.addRequests(listed(row, parked.getOrDefault(row.id, 0L), atMicros)));
            if (rows.size() > size) {
                RequestRow last = shown.getLast();
                reply.setNextPage(
                        request.getOpen() ? last.dueMicros + ":" + last.id : Long.toString(last.receivedPosition));
            }
            return reply.build();
        });
    }

    static Optional<Detail> detail(String tenant, Viewer viewer, UUID request, long atMicros) {
        var query = seenBy(viewer).where("id = :request", "request", request);
        return TenantTransaction.in(tenant, RequestRow.class, () -> query.rows(Sort.ascending("id"), 1).stream()
                .findFirst()
                .map(row -> {
                    List<HolderTask> tasks = tasks(row.id);
                    long parked = tasks.stream()
                            .filter(task -> task.getResult() == TaskResult.TASK_RESULT_PARKED)
                            .count();
                    return new Detail(
                            listed(row, parked, atMicros),
                            tasks,
                            Arrays.stream(row.holdIds).map(UUID::toString).toList());
                }));
    }

    private static RequestList seenBy(Viewer viewer) {
        var query = new RequestList();
        return viewer.everybody() ? query : query.where("subject = :viewer", "viewer", UUID.fromString(viewer.id()));
    }

    private RequestList filtered(ListRequestsRequest request, long atMicros) {
        if (!request.getSubjectId().isEmpty()) {
            where("subject = :subject", "subject", UUID.fromString(request.getSubjectId()));
        }
        if (request.getKind() != RequestKind.REQUEST_KIND_UNSPECIFIED) {
            where("kind = :kind", "kind", request.getKindValue());
        }
        if (request.getState() != RequestState.REQUEST_STATE_UNSPECIFIED) {
            where("state = :state", "state", request.getStateValue());
        }
        if (request.getOpen() || request.getUrgency() != RequestUrgency.REQUEST_URGENCY_UNSPECIFIED) {
            conditions.add("endedMicros is null");
        }
        switch (request.getUrgency()) {
            case REQUEST_URGENCY_OVERDUE -> where("dueMicros <= :now", "now", atMicros);
            case REQUEST_URGENCY_WARNING -> where("dueMicros > :now and " + WARNED, "now", atMicros);
            default -> {}
        }
        return this;
    }

    private RequestList where(String condition, String name, Object value) {
        conditions.add(condition);
        values.put(name, value);
        return this;
    }

    private List<RequestRow> rows(Sort sort, int atMost) {
        String where = conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
        return RequestRow.<RequestRow>find("from RequestRow r" + where, sort, values)
                .page(0, atMost)
                .list();
    }

    private static Map<UUID, Long> parked(List<RequestRow> rows) {
        return TaskRow.<TaskRow>find(
                        "result = ?1 and request in ?2",
                        TaskResult.TASK_RESULT_PARKED_VALUE,
                        rows.stream().map(row -> row.id).toList())
                .list()
                .stream()
                .collect(Collectors.groupingBy(task -> task.request, Collectors.counting()));
    }

    private static List<HolderTask> tasks(UUID request) {
        return TaskRow.<TaskRow>find("request = ?1", Sort.ascending("position", "ordinal"), request).list().stream()
                .map(task -> HolderTask.newBuilder()
                        .setTaskId(task.id.toString())
                        .setHolder(task.holder)
                        .setActionValue(task.action)
                        .setResultValue(task.result)
                        .setAttempts(task.attempts)
                        .setCode(task.code)
                        .setNextAtMillis(task.nextMicros / 1000)
                        .build())
                .toList();
    }

    private static SubjectRequest listed(RequestRow row, long parked, long atMicros) {
        return SubjectRequest.newBuilder()
                .setRequestId(row.id.toString())
                .setSubjectId(row.subject.toString())
                .setKindValue(row.kind)
                .setRegime(row.regime)
                .setStateValue(row.state)
                .setUrgency(urgency(row, atMicros))
                .setReceivedAtMillis(row.receivedMicros / 1000)
                .setDueAtMillis(row.dueMicros / 1000)
                .setAcknowledgeByMillis(millis(row.acknowledgeMicros))
                .setAcknowledged(row.acknowledged)
                .setExtended(row.extended)
                .setEndedAtMillis(millis(row.endedMicros))
                .setParked((int) parked)
                .build();
    }

    static RequestUrgency urgency(RequestRow row, long atMicros) {
        if (row.endedMicros != null) {
            return RequestUrgency.REQUEST_URGENCY_UNSPECIFIED;
        }
        if (row.dueMicros <= atMicros) {
            return RequestUrgency.REQUEST_URGENCY_OVERDUE;
        }
        boolean late = !row.acknowledged && row.acknowledgeMicros != null && row.acknowledgeMicros <= atMicros;
        return late || row.dueMicros - atMicros < (row.dueMicros - row.receivedMicros) / WARNING_PART
                ? RequestUrgency.REQUEST_URGENCY_WARNING
                : RequestUrgency.REQUEST_URGENCY_UNSPECIFIED;
    }

    private static long millis(@Nullable Long micros) {
        return micros == null ? 0 : micros / 1000;
    }
}
