package dev.chancery.auditor;

import static dev.chancery.auditor.Audited.assertFound;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** "What holds in every log": each log here is signed and hashed as it must be, and breaks one rule. */
class RulesTest {
    private static final String STREAM = "access/assignments/0";
    private static final String TYPE = "chancery.access.v1.RoleAssigned";

    private final SampleExport sample = new SampleExport(false).found();

    // Rule 1

    @Test
    void aPositionIsTheIndex() throws Exception {
        assertFound(sample, Rule.ORDER, sample.denied(d -> d.position++));
    }

    @Test
    void anEntryBelongsToTheCheckpointsLog() throws Exception {
        assertFound(sample, Rule.ORDER, sample.denied(d -> d.origin = SampleExport.INSTANCE + "/instance"));
    }

    @Test
    void timeNeverGoesBack() throws Exception {
        sample.denied(d -> {});
        assertFound(sample, Rule.ORDER, sample.denied(d -> d.recordedAtMicros -= 1_001));
    }

    @Test
    void timeMayStandStill() throws Exception {
        sample.denied(d -> {});
        sample.denied(d -> d.recordedAtMicros -= 1_000);
        assertThat(Audited.audit(sample).findings()).isEmpty();
    }

    @Test
    void entriesCannotChangePlaces() throws Exception {
        sample.denied(d -> {});
        sample.denied(d -> {});
        Collections.swap(sample.entries, 1, 2);
        assertThat(Audited.audit(sample).findings())
                .extracting(Finding::position, Finding::message)
                .contains(org.assertj.core.groups.Tuple.tuple(1L, "was signed for position 2"))
                .contains(org.assertj.core.groups.Tuple.tuple(2L, "was signed for position 1"));
    }

    // Rule 2

    static Stream<Arguments> outcomesThatDoNotFitTheirIntent() {
        return Stream.of(
                change("another hash", d -> d.intentHash = new byte[32]),
                change("another position", d -> d.intentPosition = 0L),
                change("a position to come", d -> d.intentPosition = 1_000L),
                change("itself", d -> d.intentPosition = d.position),
                change("a position beyond 2^63", d -> d.intentPosition = -1L),
                change("another action", d -> d.action = "access.role.define"),
                change("another actor", d -> d.actorId = "someone"),
                change("another actor type", d -> d.actorType = 3),
                change("another request", d -> d.requestId = "0199f200-0000-7000-8000-00000000ffff"),
                change("no request", d -> d.requestId = ""),
                change("at the deadline", d -> d.recordedAtMicros += 4_000),
                change("after the deadline", d -> d.recordedAtMicros += 4_001),
                change("abandoned early", d -> {
                    d.result = Draft.ABANDONED;
                    d.recordedAtMicros += 3_999;
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("outcomesThatDoNotFitTheirIntent")
    void anOutcomeFitsItsIntent(String what, Consumer<Draft> change) throws Exception {
        assertFound(sample, Rule.INTENT, sample.outcome(sample.intent(d -> {}), change));
    }

    @Test
    void anOutcomeOfAnotherFeatureDoesNotFitTheIntent() throws Exception {
        long intent = sample.intent(d -> {});
        long outcome = sample.identity("identity.token.issue", d -> {
            d.intentPosition = intent;
            d.intentHash = Merkle.leaf(sample.entries.get((int) intent));
        });
        assertFound(sample, Rule.INTENT, outcome);
    }

    @Test
    void oneMicrosecondBeforeTheDeadlineIsInTime() throws Exception {
        sample.outcome(sample.intent(d -> {}), d -> d.recordedAtMicros += 3_999);
        sample.nowMicros += 10_000;
        sample.outcome(sample.intent(d -> {}), d -> {
            d.result = Draft.ABANDONED;
            d.recordedAtMicros += 4_000;
        });
        assertThat(Audited.audit(sample).findings()).isEmpty();
    }

    @Test
    void anIntentHasOneOutcome() throws Exception {
        long intent = sample.intent(d -> {});
        sample.outcome(intent, d -> {});
        assertFound(sample, Rule.INTENT, sample.outcome(intent, d -> {}));
    }

    @Test
    void anOutcomeIsNoIntent() throws Exception {
        assertFound(sample, Rule.INTENT, sample.outcome(sample.denied(d -> {}), d -> {}));
    }

    // Rule 3

    @Test
    void aPrivilegedActionHasAnIntent() throws Exception {
        assertFound(sample, Rule.PRIVILEGED, sample.append(d -> d.result = Draft.SUCCESS));
    }

    @Test
    void aPrivilegedFailureHasAnIntentToo() throws Exception {
        assertFound(sample, Rule.PRIVILEGED, sample.append(d -> {
            d.result = Draft.FAILURE;
            d.code = "access.unknown-role";
        }));
    }

    @Test
    void aDenialAndAnActionThatIsNotPrivilegedNeedNone() throws Exception {
        sample.denied(d -> {});
        sample.append(d -> {
            d.action = "access.role.preview";
            d.result = Draft.SUCCESS;
        });
        assertThat(Audited.audit(sample).findings()).isEmpty();
    }

    @Test
    void theAuditorsOwnContractDecidesAsWell(@TempDir Path directory) throws Exception {
        long outcome = sample.append(d -> {
            d.action = "access.role.preview";
            d.result = Draft.SUCCESS;
        });
        Path export = sample.write(directory);
        Path pinned = directory.resolve("pinned");
        Files.write(pinned, SampleExport.contract(Map.of("access.role.preview", true)));
        assertThat(Audited.audit(export).isIntact()).isTrue();
        assertThat(Audit.verify(export, directory.resolve("trust"), pinned).findings())
                .singleElement()
                .matches(f -> f.rule() == Rule.PRIVILEGED && f.position() == outcome);
    }

    // Rules 3 and 4, one outcome

    static Stream<Arguments> outcomesThatContradictThemselves() {
        return Stream.of(
                change("failure without code", d -> d.result = Draft.FAILURE),
                change("success with code", d -> d.code = "access.unknown-role"),
                change("failure with events", d -> {
                    d.result = Draft.FAILURE;
                    d.code = "access.unknown-role";
                    d.event(STREAM, 1, TYPE, new byte[1]);
                }),
                change("denied with an intent", d -> {
                    d.result = Draft.DENIED;
                    d.code = "access.not-permitted";
                }),
                change("effect unknown of a success", d -> d.effectUnknown = true),
                change("denials of a success", d -> d.denials = 2));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("outcomesThatContradictThemselves")
    void anOutcomeDoesNotContradictItself(String what, Consumer<Draft> change) throws Exception {
        assertFound(sample, Rule.OUTCOME, sample.outcome(sample.intent(d -> {}), change));
    }

    @Test
    void aDenialStandsForItselfOrForSeveral() throws Exception {
        sample.denied(d -> d.denials = 2);
        assertFound(sample, Rule.OUTCOME, sample.denied(d -> d.denials = 1));
    }

    @Test
    void aDenialHasACode() throws Exception {
        assertFound(sample, Rule.OUTCOME, sample.denied(d -> d.code = ""));
    }

    @Test
    void aDenialHasNoEvents() throws Exception {
        assertFound(sample, Rule.OUTCOME, sample.denied(d -> d.event(STREAM, 1, TYPE, new byte[1])));
    }

    @Test
    void whatWasAbandonedWasIntended() throws Exception {
        assertFound(sample, Rule.OUTCOME, sample.append(d -> {
            d.action = "access.role.preview";
            d.result = Draft.ABANDONED;
        }));
    }

    // Rule 5

    @Test
    void theFirstRecordAdoptsAContract() throws Exception {
        SampleExport unfounded = new SampleExport(false);
        unfounded.identity("identity.organisation.found", d -> d.actorType = 1);
        assertThat(Audited.audit(unfounded).findings())
                .extracting(Finding::rule, Finding::file)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(Rule.CONTRACT, "contract.binpb"),
                        org.assertj.core.groups.Tuple.tuple(Rule.CONTRACT, "log/tile/entries/000.p/1"));
    }

    @Test
    void anEmptyLogIsNoLog() throws Exception {
        assertFound(new SampleExport(false), Rule.CONTRACT, Finding.NOWHERE);
    }

    @Test
    void theContractIsTheOneAdoptedLast() throws Exception {
        sample.identity("identity.contract.adopt", d -> {
            d.actorType = 1;
            d.event("identity/contract", 2, SampleExport.ADOPTED, SampleExport.adopted("another".getBytes(UTF_8)));
        });
        assertFound(sample, Rule.CONTRACT, Finding.NOWHERE);
    }

    @Test
    void anAdoptionNamesAContract() throws Exception {
        long position = sample.identity("identity.contract.adopt", d -> {
            d.actorType = 1;
            d.event("identity/contract", 2, SampleExport.ADOPTED, new byte[] {10, 1, 0});
        });
        assertFound(sample, Rule.CONTRACT, position);
    }

    // Rule 6

    @Test
    void anActionIsOneOfTheContracts() throws Exception {
        assertFound(sample, Rule.ACTION, sample.denied(d -> d.action = "access.role.invent"));
    }

    @Test
    void anActionIsOfItsFeature() throws Exception {
        assertFound(sample, Rule.ACTION, sample.denied(d -> d.action = "identity.token.issue"));
    }

    @Test
    void theSystemAloneFounds() throws Exception {
        assertFound(sample, Rule.ACTION, sample.identity("identity.contract.adopt", d -> {}));
    }

    @Test
    void whatACallerDoesAtAnEndpointIsTheCallers() throws Exception {
        sample.append(d -> {
            d.action = "access.copy.take";
            d.result = Draft.SUCCESS;
        });
        assertThat(Audited.audit(sample).findings()).isEmpty();
    }

    // Events

    @Test
    void aTypeIsOfItsFeature() throws Exception {
        assertFound(sample, Rule.EVENT, success(d -> d.event(STREAM, 1, SampleExport.ADOPTED + "X", new byte[34])));
    }

    @Test
    void aStreamIsOfItsFeature() throws Exception {
        assertFound(sample, Rule.EVENT, success(d -> d.event("identity/x", 1, TYPE, new byte[1])));
    }

    @Test
    void aListedTypeIsOfItsFeature() throws Exception {
        long position = success(d -> {
            sample.manyEvents(d, 300);
            d.events.get(7).type = SampleExport.ADOPTED + "X";
        });
        assertFound(sample, Rule.EVENT, position);
    }

    @Test
    void aBodyIsTheOneThatWasSigned() throws Exception {
        long position = success(d -> {
            d.event(STREAM, 1, TYPE, new byte[1]);
            d.events.getFirst().hash = new byte[32];
        });
        assertFound(sample, Rule.EVENT, position);
    }

    @Test
    void bodiesAreInOrder() throws Exception {
        long position = success(d -> d.event(STREAM, 1, TYPE, new byte[1]).event(STREAM, 2, TYPE, new byte[2]));
        sample.bodies.set((int) position, sample.bodies.get((int) position).reversed());
        assertFound(sample, Rule.EVENT, position);
    }

    @Test
    void anEventHasOneBody() throws Exception {
        long position = success(d -> d.event(STREAM, 1, TYPE, new byte[1]));
        sample.bodies.set((int) position, List.of(new byte[1], new byte[1]));
        assertFound(sample, Rule.EVENT, position);
    }

    @Test
    void anIntentHasNoBodies() throws Exception {
        long position = sample.intent(d -> {});
        sample.bodies.set((int) position, List.of(new byte[1]));
        assertFound(sample, Rule.EVENT, position);
    }

    @Test
    void aListHasTheRootThatWasSigned() throws Exception {
        assertFound(sample, Rule.EVENT, success(d -> {
            sample.manyEvents(d, 300);
            d.listRoot = new byte[32];
        }));
    }

    @Test
    void aListHasTheCountThatWasSigned() throws Exception {
        assertFound(sample, Rule.EVENT, success(d -> {
            sample.manyEvents(d, 300);
            d.listCount = 299L;
        }));
    }

    @Test
    void aListIsForMoreThan256Events() throws Exception {
        assertFound(sample, Rule.STATEMENT, success(d -> {
            sample.manyEvents(d, 256);
            d.listed = true;
        }));
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(longs = {0, 2, 1_000, -1})
    void aStreamBeginsAtOne(long version) throws Exception {
        assertFound(sample, Rule.VERSION, success(d -> d.event(STREAM, version, TYPE, new byte[1])));
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(longs = {1, 2, 4})
    void versionsAreDense(long version) throws Exception {
        success(d -> d.event(STREAM, 1, TYPE, new byte[1]).event(STREAM, 2, TYPE, new byte[1]));
        assertFound(sample, Rule.VERSION, success(d -> d.event(STREAM, version, TYPE, new byte[1])));
    }

    private long success(Consumer<Draft> change) {
        return sample.outcome(sample.intent(d -> {}), change);
    }

    private static Arguments change(String what, Consumer<Draft> change) {
        return Arguments.of(what, change);
    }
}
