package dev.chancery.retention;

import dev.chancery.command.RefusedException;
import dev.chancery.projection.TenantTransaction;
import dev.chancery.schema.retention.v1.Erasure;
import dev.chancery.schema.retention.v1.ErasureState;
import dev.chancery.schema.retention.v1.Hold;
import dev.chancery.schema.retention.v1.ListErasuresReply;
import dev.chancery.schema.retention.v1.ListErasuresRequest;
import dev.chancery.schema.retention.v1.ListHoldsReply;
import dev.chancery.schema.retention.v1.ListHoldsRequest;
import io.quarkus.panache.common.Sort;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Holds and erasures, newest first. A page is one transaction. */
final class RetentionLists {
    static final int MAX_SIZE = 200;
    private static final int DEFAULT_SIZE = 100;
    /** A position, and for erasures the class that it goes on after. */
    private static final Pattern PAGE = Pattern.compile("(0|[1-9][0-9]{0,17})(?:\\.([0-9]{1,9}))?");

    private final List<String> conditions = new ArrayList<>();
    private final Map<String, Object> values = new HashMap<>();

    private RetentionLists() {}

    static ListHoldsReply holds(String tenant, ListHoldsRequest request) throws RefusedException {
        int size = size(request.getPageSize());
        var query = new RetentionLists().ofSubject(request.getPrincipalId());
        if (!request.getMatter().isEmpty()) {
            query.where("matter = :matter", "matter", request.getMatter());
        }
        if (!request.getCleared()) {
            query.conditions.add("clearedMicros is null");
        }
        if (!request.getPage().isEmpty()) {
            query.where(
                    "position < :before",
                    "before",
                    Long.parseLong(page(request.getPage()).group(1)));
        }
        return TenantTransaction.in(tenant, HoldRow.class, () -> {
            List<HoldRow> rows = HoldRow.<HoldRow>find(
                            "from HoldRow h" + query.condition(), Sort.descending("position"), query.values)
                    .page(0, size + 1)
                    .list();
            List<HoldRow> shown = rows.subList(0, Math.min(size, rows.size()));
            var reply = ListHoldsReply.newBuilder();
            shown.forEach(row -> reply.addHolds(hold(row)));
            if (rows.size() > size) {
                reply.setNextPage(Long.toString(shown.getLast().position));
            }
            return reply.build();
        });
    }

    static ListErasuresReply erasures(String tenant, ListErasuresRequest request) throws RefusedException {
        int size = size(request.getPageSize());
        var query = new RetentionLists().ofSubject(request.getPrincipalId());
        if (request.getState() != ErasureState.ERASURE_STATE_UNSPECIFIED) {
            query.where("state = :state", "state", request.getStateValue());
        }
        if (!request.getPage().isEmpty()) {
            Matcher page = page(request.getPage());
            query.where(
                    "(position < :before or position = :before and retention > :after)",
                    "before",
                    Long.parseLong(page.group(1)));
            query.values.put("after", page.group(2) == null ? Integer.MAX_VALUE : Integer.parseInt(page.group(2)));
        }
        return TenantTransaction.in(tenant, ErasureRow.class, () -> {
            List<ErasureRow> rows = ErasureRow.<ErasureRow>find(
                            "from ErasureRow e" + query.condition(),
                            Sort.descending("position").and("retention", Sort.Direction.Ascending),
                            query.values)
                    .page(0, size + 1)
                    .list();
            List<ErasureRow> shown = rows.subList(0, Math.min(size, rows.size()));
            var reply = ListErasuresReply.newBuilder();
            shown.forEach(row -> reply.addErasures(erasure(row)));
            if (rows.size() > size) {
                reply.setNextPage(shown.getLast().position + "." + shown.getLast().retention);
            }
            return reply.build();
        });
    }

    static int size(int asked) throws RefusedException {
        if (Integer.compareUnsigned(asked, MAX_SIZE) > 0) {
            throw new RefusedException(RetentionRejection.PAGE);
        }
        return asked == 0 ? DEFAULT_SIZE : asked;
    }

    private static Matcher page(String page) throws RefusedException {
        Matcher matcher = PAGE.matcher(page);
        if (!matcher.matches()) {
            throw new RefusedException(RetentionRejection.PAGE);
        }
        return matcher;
    }

    private RetentionLists ofSubject(String subject) {
        if (!subject.isEmpty()) {
            where("subject = :subject", "subject", UUID.fromString(subject));
        }
        return this;
    }

    private void where(String condition, String name, Object value) {
        conditions.add(condition);
        values.put(name, value);
    }

    private String condition() {
        return conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
    }

    private static Hold hold(HoldRow row) {
        return Hold.newBuilder()
                .setHoldId(row.id.toString())
                .setPrincipalId(row.subject.toString())
                .setMatter(row.matter)
                .addAllClassesValue(List.of(row.classes))
                .setSetAtMillis(row.setMicros / 1000)
                .setReviewMillis(row.reviewMicros / 1000)
                .setClearedAtMillis(millis(row.clearedMicros))
                .setSetterId(row.setter.toString())
                .setClearerId(id(row.clearer))
                .setPosition(row.position)
                .build();
    }

    private static Erasure erasure(ErasureRow row) {
        return Erasure.newBuilder()
                .setPrincipalId(row.subject.toString())
                .setRetentionClassValue(row.retention)
                .setStateValue(row.state)
                .setRequestId(id(row.request))
                .setGroundValue(row.ground)
                .addAllHoldIds(Arrays.stream(row.holds).map(UUID::toString).toList())
                .setDecidedAtMillis(millis(row.decidedMicros))
                .setDestroyedAtMillis(millis(row.destroyedMicros))
                .setHorizonMillis(millis(row.horizonMicros))
                .setCompletedAtMillis(millis(row.completedMicros))
                .setPosition(row.position)
                .build();
    }

    private static String id(@Nullable UUID id) {
        return id == null ? "" : id.toString();
    }

    private static long millis(@Nullable Long micros) {
        return micros == null ? 0 : micros / 1000;
    }
}
