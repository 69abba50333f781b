package dev.chancery.consent;

import dev.chancery.command.RefusedException;
import dev.chancery.projection.TenantTransaction;
import dev.chancery.schema.consent.v1.Consent;
import dev.chancery.schema.consent.v1.ConsentEvent;
import dev.chancery.schema.consent.v1.ConsentState;
import dev.chancery.schema.consent.v1.ListConsentHistoryReply;
import dev.chancery.schema.consent.v1.ListConsentHistoryRequest;
import dev.chancery.schema.consent.v1.ListConsentsReply;
import dev.chancery.schema.consent.v1.ListConsentsRequest;
import io.quarkus.panache.common.Sort;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Consents with the newest of their histories, and the history of one, newest first. A page is one transaction. */
final class ConsentList {
    static final int MAX_SIZE = 200;
    /** Events that are listed with each consent: whoever renews every day makes no list grow. */
    static final int MAX_SHOWN = 10;

    /** The newest events of several consents: of each as many as its second parameter says, oldest first. */
    static final String NEWEST = "select e from ConsentRow c"
            + " join lateral (select h.position as position from ConsentEventRow h where h.consent = c.id"
            + " order by h.position desc limit ?2) n"
            + " join ConsentEventRow e on e.consent = c.id and e.position = n.position"
            + " where c.id in ?1 order by e.position";

    private static final int DEFAULT_SIZE = 100;
    private static final Pattern PAGE = Pattern.compile("0|[1-9][0-9]{0,17}");

    /** @param everybody whether all consents are its to see; otherwise its own, and those of whom it represents */
    record Viewer(String id, boolean everybody) {}

    /** What a receipt is about. */
    record Receipted(ConsentRow consent, ConsentEventRow event, NoticeRow notice) {}

    private final List<String> conditions = new ArrayList<>();
    private final Map<String, Object> values = new HashMap<>();

    private ConsentList() {}

    static ListConsentsReply page(String tenant, Viewer viewer, ListConsentsRequest request, long atMicros)
            throws RefusedException {
        int size = size(request.getPageSize());
        var query = seenBy(viewer, atMicros).filtered(request, atMicros);
        OptionalLong before = before(request.getPage());
        if (before.isPresent()) {
            query.where("position < :before", "before", before.getAsLong());
        }
        return TenantTransaction.in(tenant, ConsentRow.class, () -> {
            List<ConsentRow> rows = query.newest(size + 1);
            List<ConsentRow> shown = rows.subList(0, Math.min(size, rows.size()));
            Map<UUID, List<ConsentEventRow>> histories = newestEvents(shown);
            var reply = ListConsentsReply.newBuilder();
            shown.forEach(row -> reply.addConsents(consent(row, histories.getOrDefault(row.id, List.of()), atMicros)));
            if (rows.size() > size) {
                reply.setNextPage(Long.toString(shown.getLast().position));
            }
            return reply.build();
        });
    }

    /** @throws RefusedException where the viewer sees no such consent */
    static ListConsentHistoryReply history(
            String tenant, Viewer viewer, ListConsentHistoryRequest request, long atMicros) throws RefusedException {
        int size = size(request.getPageSize());
        long before = before(request.getPage()).orElse(Long.MAX_VALUE);
        UUID consent = UUID.fromString(request.getConsentId());
        var query = seenBy(viewer, atMicros).where("id = :id", "id", consent);
        return TenantTransaction.in(tenant, ConsentRow.class, () -> {
                    if (query.newest(1).isEmpty()) {
                        return Optional.<ListConsentHistoryReply>empty();
                    }
                    List<ConsentEventRow> events = ConsentEventRow.<ConsentEventRow>find(
                                    "consent = ?1 and position < ?2", Sort.descending("position"), consent, before)
                            .page(0, size + 1)
                            .list();
                    List<ConsentEventRow> shown = events.subList(0, Math.min(size, events.size()));
                    var reply = ListConsentHistoryReply.newBuilder();
                    shown.forEach(event -> reply.addEvents(event(event)));
                    if (events.size() > size) {
                        reply.setNextPage(Long.toString(shown.getLast().position));
                    }
                    return Optional.of(reply.build());
                })
                .orElseThrow(() -> new RefusedException(ConsentRejection.NO_SUCH_CONSENT));
    }

    private static int size(int asked) throws RefusedException {
        if (Integer.compareUnsigned(asked, MAX_SIZE) > 0) {
            throw new RefusedException(ConsentRejection.PAGE);
        }
        return asked == 0 ? DEFAULT_SIZE : asked;
    }

    /** The position before which a page begins; empty: the first page. */
    private static OptionalLong before(String page) throws RefusedException {
        if (page.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!PAGE.matcher(page).matches()) {
            throw new RefusedException(ConsentRejection.PAGE);
        }
        return OptionalLong.of(Long.parseLong(page));
    }

    /** @param position of the event; 0: of the newest */
    static Optional<Receipted> receipted(String tenant, Viewer viewer, UUID consent, long position, long atMicros) {
        var query = seenBy(viewer, atMicros).where("id = :id", "id", consent);
        return TenantTransaction.in(tenant, ConsentRow.class, () -> {
            List<ConsentRow> found = query.newest(1);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            ConsentRow row = found.getFirst();
            Optional<ConsentEventRow> event = position == 0
                    ? ConsentEventRow.<ConsentEventRow>find("consent = ?1", Sort.descending("position"), consent)
                            .firstResultOptional()
                    : ConsentEventRow.<ConsentEventRow>find("consent = ?1 and position = ?2", consent, position)
                            .singleResultOptional();
            return event.map(happened -> new Receipted(
                    row,
                    happened,
                    NoticeRow.<NoticeRow>find("purpose = ?1 and version = ?2", row.purpose, happened.noticeVersion)
                            .singleResult()));
        });
    }

    private static ConsentList seenBy(Viewer viewer, long atMicros) {
        var query = new ConsentList();
        if (!viewer.everybody()) {
            query.where(
                    "(subject = :viewer or exists (select 1 from RepresentativeRow r where r.subject = c.subject"
                            + " and r.representative = :viewer and (r.untilMicros is null or r.untilMicros > :viewed)))",
                    "viewer",
                    UUID.fromString(viewer.id()));
            query.values.put("viewed", atMicros);
        }
        return query;
    }

    private ConsentList filtered(ListConsentsRequest request, long atMicros) {
        if (!request.getSubjectId().isEmpty()) {
            where("subject = :subject", "subject", UUID.fromString(request.getSubjectId()));
        }
        if (!request.getPurpose().isEmpty()) {
            where("purpose = :purpose", "purpose", request.getPurpose());
        }
        if (request.getFromMillis() != 0) {
            where("grantedMicros >= :from", "from", micros(request.getFromMillis()));
        }
        if (request.getToMillis() != 0) {
            where("grantedMicros < :to", "to", micros(request.getToMillis()));
        }
        switch (request.getState()) {
            case CONSENT_STATE_GIVEN ->
                where("withdrawnMicros is null and (untilMicros is null or untilMicros > :now)", "now", atMicros);
            case CONSENT_STATE_EXPIRED -> where("withdrawnMicros is null and untilMicros <= :now", "now", atMicros);
            case CONSENT_STATE_WITHDRAWN -> conditions.add("withdrawnMicros is not null");
            default -> {}
        }
        return this;
    }

    private static long micros(long millis) {
        return Math.clamp(millis, -Long.MAX_VALUE / 1000, Long.MAX_VALUE / 1000) * 1000;
    }

    private ConsentList where(String condition, String name, Object value) {
        conditions.add(condition);
        values.put(name, value);
        return this;
    }

    private List<ConsentRow> newest(int atMost) {
        String where = conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
        return ConsentRow.<ConsentRow>find("from ConsentRow c" + where, Sort.descending("position"), values)
                .page(0, atMost)
                .list();
    }

    /** One more of each than is shown: it tells whether there are earlier ones. */
    private static Map<UUID, List<ConsentEventRow>> newestEvents(List<ConsentRow> rows) {
        return ConsentEventRow.<ConsentEventRow>find(
                        NEWEST, rows.stream().map(row -> row.id).toList(), MAX_SHOWN + 1)
                .list()
                .stream()
                .collect(Collectors.groupingBy(event -> event.consent));
    }

    private static Consent consent(ConsentRow row, List<ConsentEventRow> newest, long atMicros) {
        var consent = Consent.newBuilder()
                .setConsentId(row.id.toString())
                .setSubjectId(row.subject.toString())
                .setPurpose(row.purpose)
                .setPurposeVersion(row.purposeVersion)
                .setResource(row.resource)
                .setAction(row.action)
                .setRecipient(row.recipient)
                .setLegalBasisValue(row.legalBasis)
                .setNoticeVersion(row.noticeVersion)
                .setGrantedAtMillis(row.grantedMicros / 1000)
                .setUntilMillis(millis(row.untilMicros))
                .setWithdrawnAtMillis(millis(row.withdrawnMicros))
                .setState(state(row, atMicros));
        List<ConsentEventRow> shown = newest.subList(Math.max(0, newest.size() - MAX_SHOWN), newest.size());
        shown.forEach(event -> consent.addHistory(event(event)));
        if (newest.size() > MAX_SHOWN) {
            consent.setEarlierHistory(Long.toString(shown.getFirst().position));
        }
        return consent.build();
    }

    private static ConsentEvent event(ConsentEventRow row) {
        return ConsentEvent.newBuilder()
                .setTypeValue(row.type)
                .setAtMillis(row.atMicros / 1000)
                .setById(row.actor.toString())
                .setNoticeVersion(row.noticeVersion)
                .setUntilMillis(millis(row.untilMicros))
                .setPosition(row.position)
                .build();
    }

    private static ConsentState state(ConsentRow row, long atMicros) {
        if (row.withdrawnMicros != null) {
            return ConsentState.CONSENT_STATE_WITHDRAWN;
        }
        return row.untilMicros != null && row.untilMicros <= atMicros
                ? ConsentState.CONSENT_STATE_EXPIRED
                : ConsentState.CONSENT_STATE_GIVEN;
    }

    private static long millis(@Nullable Long micros) {
        return micros == null ? 0 : micros / 1000;
    }
}
