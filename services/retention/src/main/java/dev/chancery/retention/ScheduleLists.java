package dev.chancery.retention;

import dev.chancery.command.RefusedException;
import dev.chancery.keyring.Eraser;
import dev.chancery.projection.TenantTransaction;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.ListSchedulesReply;
import dev.chancery.schema.retention.v1.PreviewRetirementReply;
import dev.chancery.schema.retention.v1.PreviewRetirementRequest;
import dev.chancery.schema.retention.v1.Retirement;
import dev.chancery.schema.retention.v1.Schedule;
import dev.chancery.schema.retention.v1.ScheduleStart;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** For how long what is kept, and what is over by a time. A page is one transaction. */
final class ScheduleLists {
    /** A retention class, a time and a subject that it goes on after. */
    private static final Pattern PAGE =
            Pattern.compile("(?<class>[0-9]{1,9})[.](?<began>[0-9]{1,18})[.](?<subject>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}"
                    + "-[0-9a-f]{12})");

    /** What no command changes; docs/reference/classification.md has the reasons. */
    private static final List<Schedule> FIXED = List.of(
            fixed(DataClass.DATA_CLASS_PUBLIC, Schedules.UNLIMITED, ScheduleStart.SCHEDULE_START_NEVER),
            fixed(DataClass.DATA_CLASS_INTERNAL, Schedules.UNLIMITED, ScheduleStart.SCHEDULE_START_NEVER),
            fixed(
                    DataClass.DATA_CLASS_CONFIDENTIAL,
                    Schedules.DEFAULT,
                    ScheduleStart.SCHEDULE_START_ORGANISATION_ENDED),
            fixed(DataClass.DATA_CLASS_RESTRICTED, "", ScheduleStart.SCHEDULE_START_ROTATED));

    private ScheduleLists() {}

    private static Schedule fixed(DataClass dataClass, String period, ScheduleStart start) {
        return Schedule.newBuilder()
                .setDataClass(dataClass)
                .setPeriod(period)
                .setStart(start)
                .build();
    }

    static ListSchedulesReply schedules(String tenant) {
        return TenantTransaction.in(tenant, ScheduleRow.class, () -> {
            Map<Integer, ScheduleRow> set = set();
            return ListSchedulesReply.newBuilder()
                    .addAllSchedules(FIXED)
                    .addAllSchedules(Eraser.allClasses().stream()
                            .map(retention -> schedule(retention, set.get(retention.getNumber())))
                            .toList())
                    .build();
        });
    }

    private static Map<Integer, ScheduleRow> set() {
        return ScheduleRow.<ScheduleRow>listAll().stream()
                .collect(Collectors.toMap(row -> row.retention, Function.identity()));
    }

    private static Schedule schedule(RetentionClass retention, @Nullable ScheduleRow set) {
        var schedule = Schedule.newBuilder()
                .setDataClass(DataClass.DATA_CLASS_PERSONAL)
                .setRetentionClass(retention)
                .setPeriod(period(set))
                .setStart(ScheduleStart.SCHEDULE_START_DEACTIVATED);
        if (set != null) {
            schedule.setSetAtMillis(set.setMicros / 1000)
                    .setSetterId(set.setter.toString())
                    .setPosition(set.position);
        }
        return schedule.build();
    }

    private static String period(@Nullable ScheduleRow set) {
        return set == null ? Schedules.DEFAULT : set.period;
    }

    static PreviewRetirementReply preview(String tenant, PreviewRetirementRequest request, long nowMicros)
            throws RefusedException {
        int size = RetentionLists.size(request.getPageSize());
        Optional<Matcher> page = request.getPage().isEmpty() ? Optional.empty() : Optional.of(page(request.getPage()));
        long by = request.getByMillis() == 0
                ? nowMicros
                : Math.clamp(request.getByMillis(), 0, Schedules.LAST_MICROS / 1000) * 1000;
        return TenantTransaction.in(tenant, RetainedRow.class, () -> {
            Map<String, Object> values = new HashMap<>();
            String over = over(request.getRetentionClass(), by, values);
            var reply = PreviewRetirementReply.newBuilder()
                    .setHeld(RetainedRow.count("held = true and (" + over + ")", values))
                    .setDue(RetainedRow.count("held = false and (" + over + ")", values));
            String from = over;
            if (page.isPresent()) {
                from = "(" + over + ") and (retention > :atClass or retention = :atClass and (beganMicros > :atBegan"
                        + " or beganMicros = :atBegan and subject > :atSubject))";
                values.put("atClass", Integer.parseInt(page.get().group("class")));
                values.put("atBegan", Long.parseLong(page.get().group("began")));
                values.put("atSubject", UUID.fromString(page.get().group("subject")));
            }
            List<RetainedRow> rows = RetainedRow.<RetainedRow>find(
                            from + " order by retention, beganMicros, subject", values)
                    .page(0, size + 1)
                    .list();
            List<RetainedRow> shown = rows.subList(0, Math.min(size, rows.size()));
            shown.forEach(row -> reply.addRetirements(retirement(row)));
            if (rows.size() > size) {
                RetainedRow last = shown.getLast();
                reply.setNextPage(last.retention + "." + last.beganMicros + "." + last.subject);
            }
            return reply.build();
        });
    }

    /** The condition that a row's period is over by a time, by the schedules in force. */
    private static String over(RetentionClass only, long byMicros, Map<String, Object> values) {
        Map<Integer, ScheduleRow> set = set();
        List<String> conditions = new ArrayList<>();
        for (RetentionClass retention : Eraser.allClasses()) {
            if (only == RetentionClass.RETENTION_CLASS_UNSPECIFIED || only == retention) {
                int number = retention.getNumber();
                conditions.add("retention = " + number + " and beganMicros <= :latest" + number);
                values.put("latest" + number, Schedules.latestBegin(period(set.get(number)), byMicros));
            }
        }
        return conditions.isEmpty() ? "1 = 0" : String.join(" or ", conditions);
    }

    private static Matcher page(String page) throws RefusedException {
        Matcher matcher = PAGE.matcher(page);
        if (!matcher.matches()) {
            throw new RefusedException(RetentionRejection.PAGE);
        }
        return matcher;
    }

    private static Retirement retirement(RetainedRow row) {
        return Retirement.newBuilder()
                .setPrincipalId(row.subject.toString())
                .setRetentionClassValue(row.retention)
                .setDeactivatedAtMillis(row.beganMicros / 1000)
                .setHeld(row.held)
                .build();
    }
}
