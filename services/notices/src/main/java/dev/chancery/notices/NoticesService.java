package dev.chancery.notices;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.feature.Feature;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.notices.v1.ListNoticesRequest;
import dev.chancery.schema.notices.v1.NoticeReplayed;
import dev.chancery.schema.notices.v1.ReplayNoticeReply;
import dev.chancery.schema.notices.v1.ReplayNoticeRequest;
import java.util.List;

/** The methods of chancery.notices.v1.NoticesService, and the sender beside them. */
final class NoticesService implements Feature {
    private static final String SERVICE = "chancery.notices.v1.NoticesService/";

    private final NoticeList list;
    private final NoticeSender sender;

    NoticesService(NoticeList list, NoticeSender sender) {
        this.list = list;
        this.sender = sender;
    }

    @Override
    public String name() {
        return NoticesFeature.SCHEMA;
    }

    @Override
    public void register(Methods methods) {
        methods.command(SERVICE + "ReplayNotice", ReplayNoticeRequest.class, NoticesService::replay)
                .query(
                        SERVICE + "ListNotices",
                        ListNoticesRequest.class,
                        (context, request) -> list.page(context.tenant(), request));
    }

    static CommandOutcome replay(CommandContext context, ReplayNoticeRequest request) {
        StreamId stream = NoticeState.stream(request.getNoticeId());
        var reply = ReplayNoticeReply.getDefaultInstance();
        if (!context.read(stream, NoticeState.FOLD).parked()) {
            return CommandOutcome.already(reply);
        }
        return CommandOutcome.done(
                reply,
                new NewEvent(
                        stream,
                        NoticeReplayed.newBuilder()
                                .setNoticeId(request.getNoticeId())
                                .setReplayerId(context.principal().id())
                                .build()));
    }

    @Override
    public void start() {
        sender.start();
    }

    @Override
    public void stop() {
        sender.close();
    }

    @Override
    public List<Measure> measures() {
        return List.of(new Measure(
                "chancery.notices.pending",
                "Notices that are due and that no channel, or not every channel, has taken yet",
                sender::pending));
    }
}
