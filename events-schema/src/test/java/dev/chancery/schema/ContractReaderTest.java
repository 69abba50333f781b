package dev.chancery.schema;

import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_INT32;
import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_MESSAGE;
import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_STRING;
import static dev.chancery.schema.Proto.command;
import static dev.chancery.schema.Proto.field;
import static dev.chancery.schema.Proto.message;
import static dev.chancery.schema.Proto.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.chancery.schema.options.v1.ActionContract;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.MethodContract;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.RateClass;
import dev.chancery.schema.options.v1.Recorder;
import dev.chancery.schema.options.v1.StandardEndpoint;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContractReaderTest {
    private static final String SERVICE = "chancery.pets.v1.Pets/";

    @Test
    void aCompleteContractIsRead() {
        assertThat(read(feed()).methods()).extracting(ContractMethod::fullName).containsExactly(SERVICE + "Feed");
    }

    @Test
    void aMethodThatDeclaresNothingIsRefused() {
        refuses(SERVICE + "Feed: declares no", method("Feed", "FeedRequest", "FeedReply"));
    }

    @Test
    void aMethodAsksForACapabilityOrIsPublic() {
        refuses("public or asks", feed(contract().clearCapability()));
        refuses("public or asks", feed(contract().setPublic(true)));
        refuses("resource:verb", feed(contract().setCapability("feed")));
    }

    @Test
    void whatWidensAMethodIsACapabilityThatItsCallerCanHold() {
        var widened = read(feed(contract().setRest("POST /pets/v1/{pet}/feed").addWidenedBy("pet:spoil")));

        assertThat(widened.methods().get(0).widenedBy()).containsExactly("pet:spoil");
        refuses("widened by", feed(contract().addWidenedBy("spoil")));
        refuses(
                "public and widened",
                feed(contract().clearCapability().setPublic(true).addWidenedBy("pet:spoil")));
    }

    @Test
    void aPrivilegedMethodHasAnAuditAction() {
        refuses("no audit action", feed(contract().clearAuditAction()));
    }

    @Test
    void anAuditActionBeginsWithItsFeature() {
        refuses("audit action", feed(contract().setAuditAction("dogs.feed")));
        refuses("audit action", feed(contract().setAuditAction("pets.Feed")));
    }

    @Test
    void aMethodHasARateClass() {
        refuses("rate class", feed(contract().setRate(RateClass.RATE_CLASS_UNSPECIFIED)));
    }

    @Test
    void aMethodHasAVerbAndAPathUnderItsFeature() {
        refuses("no REST verb", feed(contract().clearRest()));
        refuses("no REST verb", feed(contract().setRest("PUT /pets/v1/pets")));
        refuses("malformed path", feed(contract().setRest("POST /pets/v1//")));
        refuses("outside", feed(contract().setRest("POST /dogs/v1/pets")));
    }

    @Test
    void aPathVariableIsARequiredSingularStringOfTheRequest() {
        refuses("singular string", feed(contract().setRest("POST /pets/v1/pets/{nobody}")));
        refuses("singular string", feed(contract().setRest("POST /pets/v1/pets/{grams}")));
        refuses("singular string", feed(contract().setRest("POST /pets/v1/pets/{tags}")));
        refuses("does not require", feed(contract().setRest("POST /pets/v1/pets/{note}")));
    }

    @Test
    void aGetTakesNoRepeatedAndNoNestedFields() {
        refuses("is a GET", feed(contract().setRest("GET /pets/v1/pets")));
    }

    @Test
    void methodsShareNeitherAuditActionNorPath() {
        refuses(
                "audit action of " + SERVICE + "Feed",
                feed(),
                feed(contract().setRest("POST /pets/v1/other")).setName("Again"));
        refuses(
                "path that " + SERVICE + "Feed answers too",
                feed(),
                feed(contract().setAuditAction("pets.again").setRest("POST /pets/v1/{pet}/feed"))
                        .setName("Again"));
    }

    @Test
    void aMethodDoesNotStream() {
        refuses("streams", feed().setServerStreaming(true));
    }

    @Test
    void aMessageWithoutAPrototypeIsNamed() {
        assertThatThrownBy(() -> new ContractReader(List.of(file(feed())), GeneratedMessages::prototype).methods())
                .isInstanceOf(InvalidContract.class)
                .hasMessageContaining(SERVICE + "Feed: uses chancery.pets.v1.FeedRequest");
    }

    @Test
    void anEventBelongsToTheFeatureOfItsPackage() {
        var file = Proto.build(Proto.file("pets").addMessageType(Proto.event("dogs", "Fed")));

        assertThatThrownBy(() -> new ContractReader(List.of(file), ContractReaderTest::dynamic).events())
                .isInstanceOf(InvalidContract.class)
                .hasMessageContaining("chancery.pets.v1.Fed");
    }

    @Test
    void aSecretDeepInAReplyIsFound() {
        var secret = message(
                "Key", field("key", TYPE_STRING, FieldContract.newBuilder().setClass_(DataClass.DATA_CLASS_SECRET)));
        var reply = message(
                "KeyReply",
                field("key", TYPE_MESSAGE).setTypeName("Key"),
                field("self", TYPE_MESSAGE).setTypeName("KeyReply"));
        var file = Proto.build(base(method("Feed", "FeedRequest", "KeyReply", contract()))
                .addMessageType(secret)
                .addMessageType(reply));

        assertThat(new ContractReader(List.of(file), ContractReaderTest::dynamic)
                        .methods()
                        .get(0)
                        .replyIsConfidential())
                .isTrue();
        assertThat(read(feed()).methods().get(0).replyIsConfidential()).isFalse();
    }

    @Test
    void whatIsServedInTheFormOfAStandardIsRead() {
        List<ContractEndpoint> read = endpoints(
                endpoint().setRest("GET /pets/{pet}").setCapability("pet:see"),
                endpoint().setRest("GET /files/{file=**}").setPublic(true),
                endpoint().setGrpc("grpc.health.v1.Health").setPublic(true));

        assertThat(read)
                .extracting(ContractEndpoint::toString)
                .containsExactly("GET /files/{file=**}", "gRPC grpc.health.v1.Health", "GET /pets/{pet}");
        ContractEndpoint files = read.get(0);
        assertThat(files.answers("GET", "/files/a/b.p")).isTrue();
        assertThat(files.answers("GET", "/files/")).isFalse();
        assertThat(files.answers("POST", "/files/a")).isFalse();
        ContractEndpoint pet = read.get(2);
        assertThat(pet.answers("GET", "/pets/a")).isTrue();
        assertThat(pet.answers("GET", "/pets/a/b")).isFalse();
        assertThat(pet.answers("GET", "/petsxa")).isFalse();
    }

    @Test
    void aStandardEndpointSaysWhereItIsWhoMayAndWhatItIs() {
        refusesEndpoint("neither REST", endpoint().setPublic(true));
        refusesEndpoint(
                "neither REST", endpoint().setRest("GET /a").setGrpc("a.B").setPublic(true));
        refusesEndpoint("public or asks", endpoint().setRest("GET /a"));
        refusesEndpoint(
                "public or asks",
                endpoint().setRest("GET /a").setCapability("pet:see").setPublic(true));
        refusesEndpoint("public or asks", endpoint().setRest("GET /a").setCapability("see"));
        refusesEndpoint(
                "what it is", endpoint().setRest("GET /a").setPublic(true).clearWhat());
    }

    @Test
    void anActionOfNoMethodSaysWhoseItIsAndWhatItRecords() {
        assertThat(actions(action("pets.leave"), action("pets.bite").setBy(Recorder.RECORDER_CALLER)))
                .containsExactly(
                        new ContractAction("pets.leave", "pets", true, "a pet did it"),
                        new ContractAction("pets.bite", "pets", false, "a pet did it"));
        refusesAction("<feature>.<words>", action("cats.leave"));
        refusesAction("<feature>.<words>", action("pets.Leave"));
        refusesAction("a method's audit action", action("pets.feed"));
        refusesAction("declared twice", action("pets.leave"), action("pets.leave"));
        refusesAction("by whom", action("pets.leave").clearBy());
        refusesAction("one line", action("pets.leave").clearWhat());
        refusesAction("one line", action("pets.leave").setWhat("a\nb"));
    }

    private static ActionContract.Builder action(String name) {
        return ActionContract.newBuilder()
                .setName(name)
                .setBy(Recorder.RECORDER_SYSTEM)
                .setWhat("a pet did it");
    }

    private static List<ContractAction> actions(ActionContract.Builder... declared) {
        var base = base(feed());
        for (var one : declared) {
            base.getOptionsBuilder().addExtension(Options.action, one.build());
        }
        return new ContractReader(List.of(Proto.build(base)), ContractReaderTest::dynamic).actions();
    }

    private static void refusesAction(String because, ActionContract.Builder... declared) {
        assertThatThrownBy(() -> actions(declared))
                .isInstanceOf(InvalidContract.class)
                .hasMessageContaining(because);
    }

    private static StandardEndpoint.Builder endpoint() {
        return StandardEndpoint.newBuilder().setWhat("pets");
    }

    private static List<ContractEndpoint> endpoints(StandardEndpoint.Builder... declared) {
        var base = base(feed());
        var options = base.getServiceBuilder(0).getOptionsBuilder();
        for (var one : declared) {
            options.addExtension(Options.standard, one.build());
        }
        return new ContractReader(List.of(Proto.build(base)), ContractReaderTest::dynamic).endpoints();
    }

    private static void refusesEndpoint(String because, StandardEndpoint.Builder declared) {
        assertThatThrownBy(() -> endpoints(declared))
                .isInstanceOf(InvalidContract.class)
                .hasMessageContaining(because);
    }

    private static MethodContract.Builder contract() {
        return command("pet:feed", "pets.feed", "POST /pets/v1/pets/{pet}".replace("{pet}", "feed"));
    }

    private static MethodDescriptorProto.Builder feed() {
        return feed(contract().setRest("POST /pets/v1/{pet}/feed"));
    }

    private static MethodDescriptorProto.Builder feed(MethodContract.Builder contract) {
        return method("Feed", "FeedRequest", "FeedReply", contract);
    }

    private static com.google.protobuf.DescriptorProtos.FileDescriptorProto.Builder base(
            MethodDescriptorProto.Builder... methods) {
        var service = ServiceDescriptorProto.newBuilder().setName("Pets");
        for (var method : methods) {
            service.addMethod(method);
        }
        return Proto.file("pets")
                .addMessageType(message(
                        "FeedRequest",
                        field("pet", TYPE_STRING, FieldContract.newBuilder().setRequired(true)),
                        field("note", TYPE_STRING),
                        field("grams", TYPE_INT32, FieldContract.newBuilder().setRequired(true)),
                        field("tags", TYPE_STRING, FieldContract.newBuilder().setRequired(true))
                                .setLabel(Label.LABEL_REPEATED)))
                .addMessageType(message("FeedReply"))
                .addService(service);
    }

    private static FileDescriptor file(MethodDescriptorProto.Builder... methods) {
        return Proto.build(base(methods));
    }

    private static Optional<Message> dynamic(Descriptor type) {
        return Optional.of(DynamicMessage.getDefaultInstance(type));
    }

    private static ContractReader read(MethodDescriptorProto.Builder... methods) {
        var file = file(methods);
        return new ContractReader(List.of(file), ContractReaderTest::dynamic);
    }

    private static void refuses(String because, MethodDescriptorProto.Builder... methods) {
        assertThatThrownBy(() -> read(methods).methods())
                .isInstanceOf(InvalidContract.class)
                .hasMessageStartingWith(SERVICE)
                .hasMessageContaining(because);
    }
}
