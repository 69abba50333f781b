package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.consent.v1.PurposeRetired;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/** What an organisation uses data for, by name, and what it has told about it. */
public record Purposes(SortedMap<String, Purpose> byName) {
    public static final StreamId STREAM = StreamId.of("consent", "purposes");

    /**
     * A purpose as it is now.
     *
     * @param definedIn the entry that its description is sealed to
     * @param notices all of them: the one of version n is at n - 1
     */
    public record Purpose(PurposeDefined defined, UUID definedIn, boolean retired, List<NoticePublished> notices) {
        public Purpose {
            notices = List.copyOf(notices);
        }

        public int version() {
            return defined.getVersion();
        }

        /** What subjects are told today; empty where none was published for the purpose as it is. */
        public Optional<NoticePublished> notice() {
            return notices.isEmpty() || newest().getPurposeVersion() != version()
                    ? Optional.empty()
                    : Optional.of(newest());
        }

        /**
         * Whether who was told one thing knows all that is told today: the purpose means the same, and the newest notice names nobody and
         * no kind of data that the older one didn't.
         */
        public boolean isCovered(int purposeVersion, int noticeVersion) {
            if (purposeVersion != version() || noticeVersion < 1 || noticeVersion > notices.size()) {
                return false;
            }
            NoticePublished told = notices.get(noticeVersion - 1);
            NoticePublished newest = newest();
            return noticeVersion == notices.size()
                    || told.getRecipientsList().containsAll(newest.getRecipientsList())
                            && told.getDataCategoriesList().containsAll(newest.getDataCategoriesList());
        }

        private NoticePublished newest() {
            return notices.get(notices.size() - 1);
        }

        private Purpose asDefined(PurposeDefined again, UUID entry) {
            return new Purpose(again, entry, false, notices);
        }

        private Purpose asRetired() {
            return new Purpose(defined, definedIn, true, notices);
        }

        private Purpose with(NoticePublished notice) {
            return new Purpose(
                    defined,
                    definedIn,
                    retired,
                    Stream.concat(notices.stream(), Stream.of(notice)).toList());
        }
    }

    public static final Fold<Purposes, LogEvent> FOLD = new Fold<>() {
        @Override
        public Purposes initial() {
            return new Purposes(new TreeMap<>());
        }

        @Override
        public Purposes evolve(Purposes state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.consent.v1.PurposeDefined" -> {
                    var defined = EventReading.read(PurposeDefined.parser(), event.body());
                    Purpose purpose = state.find(defined.getPurpose())
                            .map(before -> before.asDefined(defined, event.entryId()))
                            .orElseGet(() -> new Purpose(defined, event.entryId(), false, List.of()));
                    yield state.with(purpose);
                }
                case "chancery.consent.v1.PurposeRetired" -> {
                    var retired = EventReading.read(PurposeRetired.parser(), event.body());
                    yield state.find(retired.getPurpose())
                            .map(purpose -> state.with(purpose.asRetired()))
                            .orElse(state);
                }
                case "chancery.consent.v1.NoticePublished" -> {
                    var notice = EventReading.read(NoticePublished.parser(), event.body());
                    yield state.find(notice.getPurpose())
                            .map(purpose -> state.with(purpose.with(notice)))
                            .orElse(state);
                }
                default -> state;
            };
        }
    };

    public static final Part<Purposes> PART = new Part<>(STREAM.value(), FOLD);

    public Purposes {
        byName = Collections.unmodifiableSortedMap(byName);
    }

    public Optional<Purpose> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    private Purposes with(Purpose purpose) {
        var all = new TreeMap<>(byName);
        all.put(purpose.defined().getPurpose(), purpose);
        return new Purposes(all);
    }
}
