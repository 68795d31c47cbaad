"""What Telegram would refuse, the sandbox refuses."""

import pytest

from bot.sandbox import checks, entities, schema
from bot.sandbox.refusals import Misfit, Refused


def keyboard(*rows):
    return {
        "inline_keyboard": [[{"text": text, "callback_data": text} for text in r] for r in rows]
    }


async def test_a_wrong_token_is_unauthorized_and_an_unknown_method_not_found(api, client):
    wrong = await client.post(f"{api.sandbox.url}/bot1:x/getMe")
    assert wrong.status_code == 401
    assert wrong.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert await api.refused("sendPigeon") == "404 Not Found"
    assert await api.refused("getStickerSet", name="x") == (
        "400 Bad Request: not supported by the sandbox: getStickerSet"
    )


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"colour": "red"}, "unknown parameter 'colour' of sendMessage"),
        ({"text": None}, "message text is empty"),
        ({"text": "  \n"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": 5}, "text must be a String"),
        ({"protect_content": "perhaps"}, "protect_content must be a Boolean"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "x"}]]}}, "Text buttons are unallowed"),
        ({"reply_markup": {"inline_keyboard": [[{"callback_data": "x"}]]}}, "lacks text"),
        ({"reply_markup": keyboard(["x" * 65])}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": keyboard(["é" * 33])}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": keyboard(["x"] * 9)}, "at most 8 buttons"),
        ({"reply_markup": keyboard(*[["x"]] * 101)}, "at most 100 buttons"),
        ({"reply_markup": {"keyboard": [[{"label": "x"}]]}}, "no field 'label'"),
        ({"reply_markup": "{"}, "reply_markup can't be parsed as JSON"),
        ({"reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"chat_id": 1}, "chat not found"),
        ({"chat_id": "@asha"}, "chat not found"),
        ({"parse_mode": "BBCode"}, "unsupported parse_mode"),
    ],
)
async def test_a_wrong_message_is_refused(api, asha, params, reason):
    refused = await api.refused("sendMessage", **({"chat_id": asha.id, "text": "hi"} | params))
    assert refused.startswith("400 Bad Request: ")
    assert reason in refused
    assert len(asha.chat.messages) == 1


async def test_limits_count_the_text_without_its_markup(api, asha):
    sent = await api(
        "sendMessage", chat_id=asha.id, text="<b>" + "x" * 4096 + "</b>", parse_mode="HTML"
    )
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]
    widest = keyboard(*[["x" * 64] * 8] * 12)
    await api("sendMessage", chat_id=asha.id, text="hi", reply_markup=widest)


@pytest.mark.parametrize(
    ("options", "reason"),
    [([], "1-12 items"), ([{"text": "x"}] * 13, "1-12 items"), ([{"text": "x" * 101}], "1-100")],
)
async def test_a_wrong_poll_is_refused(api, asha, options, reason):
    refused = await api.refused("sendPoll", chat_id=asha.id, question="?", options=options)
    assert reason in refused


async def test_a_quiz_needs_a_right_answer(api, asha):
    options = [{"text": "a"}, {"text": "b"}]
    call = {"chat_id": asha.id, "question": "?", "options": options, "type": "quiz"}
    assert "correct option" in await api.refused("sendPoll", **call)
    assert "wrong correct option" in await api.refused("sendPoll", **call, correct_option_ids=[2])
    assert (await api("sendPoll", **call, correct_option_ids=[1]))["poll"]["type"] == "quiz"


async def test_only_who_wrote_first_can_be_written_to(api, sandbox):
    juan = sandbox.person("Juan")
    assert await api.refused("sendMessage", chat_id=juan.id, text="hi") == (
        "403 Forbidden: bot can't initiate conversation with a user"
    )
    await juan.send("/start")
    await juan.block()
    assert await api.refused("sendMessage", chat_id=juan.id, text="hi") == (
        "403 Forbidden: bot was blocked by the user"
    )
    await juan.unblock()
    await api("sendMessage", chat_id=juan.id, text="hi")
    changes = [u["my_chat_member"] for u in await api("getUpdates") if "my_chat_member" in u]
    assert [change["new_chat_member"]["status"] for change in changes] == ["kicked", "member"]


async def test_parameters_come_as_json_form_query_or_multipart(api, client, asha):
    url = api.address("sendMessage")
    form = {"chat_id": str(asha.id), "text": "x", "reply_markup": '{"force_reply":true}'}
    for answer in [
        await client.post(url, data=form),
        await client.post(url, files={key: (None, value) for key, value in form.items()}),
        await client.get(url, params=form),
    ]:
        assert answer.json()["ok"], answer.text
    assert asha.chat.force_reply == {"force_reply": True}
    assert (
        await client.post(url, content=b"{", headers={"content-type": "application/json"})
    ).status_code == 400


@pytest.mark.parametrize(
    ("html", "text", "found"),
    [
        ("a &lt;b&gt; &amp; &quot;c&quot; &copy;", 'a <b> & "c" &copy;', []),
        ("<b>x</b>", "x", [("bold", 0, 1)]),
        ("😀<i>x</i>", "😀x", [("italic", 2, 1)]),
        ("<b>a<u>b</u></b>", "ab", [("bold", 0, 2), ("underline", 1, 1)]),
        ("  <b> x </b> ", "x", [("bold", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("<pre>/x</pre> /go", "/x /go", [("pre", 0, 2), ("bot_command", 3, 3)]),
        ("<b></b>x", "x", []),
        (
            "a@b.co #tag @name_1 https://x.org/a.",
            "a@b.co #tag @name_1 https://x.org/a.",
            [("email", 0, 6), ("hashtag", 7, 4), ("mention", 12, 7), ("url", 20, 15)],
        ),
    ],
)
def test_html_becomes_text_and_entities(html, text, found):
    plain, entities_ = entities.formatted(html, "HTML")
    assert plain == text
    assert [(e["type"], e["offset"], e["length"]) for e in entities_] == found


def test_code_and_links_carry_what_they_name():
    block = '<pre><code class="language-py">x</code></pre>'
    assert entities.formatted(block, "HTML")[1] == [
        {"type": "pre", "offset": 0, "length": 1, "language": "py"}
    ]
    link = '<a href="https://x.org/?a=1&amp;b=2">x</a>'
    assert entities.formatted(link, "HTML")[1] == [
        {"type": "text_link", "offset": 0, "length": 1, "url": "https://x.org/?a=1&b=2"}
    ]


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'expected "</i>", found "</b>"'),
        ("é<div>x</div>", 'Unsupported start tag "div" at byte offset 2'),
        ("1 < 2", "Unclosed start tag"),
        ("<3 hearts>", "Unsupported start tag"),
        ("<br>", 'Unsupported start tag "br"'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler"'),
    ],
)
def test_bad_html_is_refused(html, reason):
    with pytest.raises(Refused, match="can't parse entities") as refused:
        entities.formatted(html, "HTML")
    assert reason in refused.value.description


def test_every_method_and_type_of_the_table_compiles():
    for method in schema.table().methods:
        assert checks.parameters(method) is not None
    for kind in schema.table().types.keys() - {"InputFile", "RichText"}:
        with pytest.raises(Misfit):
            checks.fits(kind, {"nonsense": 1})


def test_a_misfit_names_the_place():
    with pytest.raises(Misfit, match=r"^photo\[0\]\.width must be an Integer$"):
        checks.fits(
            "Message",
            {
                "message_id": 1,
                "date": 1,
                "chat": {"id": 1, "type": "private"},
                "photo": [{"file_id": "a", "file_unique_id": "b", "width": "3", "height": 1}],
            },
        )
