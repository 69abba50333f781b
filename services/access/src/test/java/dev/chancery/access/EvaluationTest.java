package dev.chancery.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.command.RefusedException;
import dev.chancery.decision.Consistency;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EvaluationTest {
    private static final String GOOD =
            "{'subject':{'type':'user','id':'u'},'action':{'name':'a'},'resource':{'type':'i','id':'7'}}";

    @Test
    void whatCountsIsReadAndTheRestIsFree() throws RefusedException {
        assertThat(Evaluation.of(json("""
                        {'subject':{'type':'user','id':'Ada@x','properties':{'tenant':'t','role':{'org':1}}},
                         'action':{'name':'can_read','properties':{'user':5}},
                         'resource':{'type':'Account','id':'7','properties':{'workspace':'w','session':[1]},'org':'o'},
                         'context':{'ip':'x','actor':{'tenant':'t'}},'tenant':'t','future':[1]}""")))
                .isEqualTo(new Evaluation(
                        "user",
                        "Ada@x",
                        "",
                        "can_read",
                        "Account",
                        "7",
                        Optional.of("w"),
                        Optional.empty(),
                        Consistency.FASTEST));
    }

    @Test
    void optionalMembersThatAreNullCountAsLeftOut() throws RefusedException {
        assertThat(
                        Evaluation.of(
                                json(
                                        "{'subject':{'type':'user','id':'u','properties':null},'action':{'name':'a'},'resource':{'type':'i','id':'7','properties':{'workspace':null}},'context':null}")))
                .isEqualTo(Evaluation.of(json(GOOD)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    'subject':{'type':'user','id':'u'}, |
                    'type':'user',                      |
                    'type':'user','id':'u'              | 'type':'user'
                    'user'                              | null
                    'name':'a'                          |
                    ,'id':'7'                           |
                    'type':'i',                         |""")
    void everyRequiredMemberIsRequired(String present, String instead) {
        refused("request.invalid-field", GOOD.replace(present, instead == null ? "" : instead));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'user','id':'u'}|'u'",
                "'user'|5",
                "'u'|5",
                "'a'|123",
                "'i'|{}",
                "'7'|7",
                "'7'|'7','properties':5",
                "'a'|'a','properties':'x'",
                "'7'|'7','properties':{'workspace':1}",
                "{'subject'|{'context':[],'subject'"
            })
    void everyMemberIsOfItsType(String change) {
        String[] parts = change.split("\\|");
        refused("request.malformed", GOOD.replaceFirst(java.util.regex.Pattern.quote(parts[0]), parts[1]));
    }

    @Test
    void anEvaluationTakesWhatItLeavesOutFromTheRequest() throws RefusedException {
        List<JsonObject> questions = Evaluations.of(json("""
                        {'subject':{'type':'user','id':'u'},'action':{'name':'a'},'resource':{'type':'i','properties':{'workspace':'w'}},
                         'evaluations':[{'resource':{'id':'1'}},{'resource':{'type':'j','id':'2'},'action':{'name':'b'}},{}]}"""));

        assertThat(Evaluation.of(questions.get(0)))
                .as("a member is replaced as a whole, its properties too")
                .isEqualTo(new Evaluation(
                        "user", "u", "", "a", "i", "1", Optional.empty(), Optional.empty(), Consistency.FASTEST));
        assertThat(Evaluation.of(questions.get(1)))
                .isEqualTo(new Evaluation(
                        "user", "u", "", "b", "j", "2", Optional.empty(), Optional.empty(), Consistency.FASTEST));
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> Evaluation.of(questions.get(2)));
    }

    @Test
    void aSubjectSaysWhomItActsFor() throws RefusedException {
        String question =
                "{'subject':{'type':'agent','id':'u'%s},'action':{'name':'a'},'resource':{'type':'i','id':'7'}}";
        assertThat(Evaluation.of(json(question.formatted(",'properties':{'acting_for':'sue'}")))
                        .actingFor())
                .isEqualTo("sue");
        assertThat(Evaluation.of(json(question.formatted(""))).actingFor()).isEmpty();
    }

    @Test
    void itIsAboutWhomItNamesOrThePrincipalThatIsTheResource() throws RefusedException {
        String question =
                "{'subject':{'type':'user','id':'u'},'action':{'name':'a'},'resource':{'type':'%s','id':'7'%s}}";
        String named = ",'properties':{'about':'sue'}";

        assertThat(Evaluation.of(json(question.formatted("record", named))).about())
                .contains("sue");
        assertThat(Evaluation.of(json(question.formatted("record", ""))).about())
                .isEmpty();
        assertThat(Evaluation.of(json(question.formatted("principal", ""))).about())
                .contains("7");
        assertThat(Evaluation.of(json(question.formatted("principal", named))).about())
                .contains("sue");
    }

    @Test
    void noListOrAnEmptyOneIsOneEvaluation() throws RefusedException {
        assertThat(Evaluations.of(json(GOOD))).isEmpty();
        assertThat(Evaluations.of(json("{'evaluations':[]}"))).isEmpty();
    }

    @Test
    void aRequestAsksForAtMost200() throws RefusedException {
        assertThat(Evaluations.of(json("{'evaluations':[" + "{},".repeat(199) + "{}]}")))
                .hasSize(200);
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> Evaluations.of(json("{'evaluations':[" + "{},".repeat(200) + "{}]}")))
                .satisfies(refused -> assertThat(refused.rejection().code()).isEqualTo("access.too-many-evaluations"));
    }

    @Test
    void whenToStopIsAnOption() throws RefusedException {
        var denied = Evaluations.Semantic.of(json("{'options':{'evaluations_semantic':'deny_on_first_deny'}}"));
        var permitted = Evaluations.Semantic.of(json("{'options':{'evaluations_semantic':'permit_on_first_permit'}}"));
        var all = Evaluations.Semantic.of(json("{}"));

        assertThat(List.of(denied.endsAt(false), denied.endsAt(true))).containsExactly(true, false);
        assertThat(List.of(permitted.endsAt(false), permitted.endsAt(true))).containsExactly(false, true);
        assertThat(List.of(all.endsAt(false), all.endsAt(true))).containsExactly(false, false);
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> Evaluations.Semantic.of(json("{'options':{'evaluations_semantic':'some'}}")));
    }

    private static void refused(String code, String body) {
        assertThatExceptionOfType(RefusedException.class)
                .as(body)
                .isThrownBy(() -> Evaluation.of(json(body)))
                .satisfies(refused -> assertThat(refused.rejection().code()).isEqualTo(code));
    }

    private static JsonObject json(String text) {
        return Json.createReader(new StringReader(text.replace('\'', '"'))).readObject();
    }
}
