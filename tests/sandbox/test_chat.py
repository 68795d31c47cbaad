"""What the bot does shows in the person's chat, and the other way round."""

import io
import struct

import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat, InputMediaPhoto
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard
from telegram.error import BadRequest, Conflict, Forbidden, RetryAfter

from bot.sandbox import Sandbox
from tests.sandbox.conftest import TOKEN

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 40, 30)
YES_NO = Keyboard([[Button("Yes", callback_data="y"), Button("No", callback_data="n")]])


@pytest.fixture
async def bot(sandbox):
    base = sandbox.url
    async with Bot(TOKEN, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot") as bot:
        yield bot


async def test_a_question_is_tapped_answered_and_edited(bot, asha):
    sent = await bot.send_message(asha.id, "<b>Good?</b>", parse_mode="HTML", reply_markup=YES_NO)
    await asha.tap(sent.message_id, text="Yes")
    (update,) = await bot.get_updates(timeout=1)
    assert update.callback_query.data == "y"
    assert update.callback_query.message.text_html == "<b>Good?</b>"
    await update.callback_query.answer("Saved", show_alert=True)
    await update.callback_query.edit_message_text("Thank you")
    assert asha.chat.toasts[-1]["text"] == "Saved"
    assert asha.last["text"] == "Thank you"
    assert "reply_markup" not in asha.last
    assert asha.last["edit_date"]


async def test_an_edit_must_change_something_that_is_there(bot, asha):
    sent = await bot.send_message(asha.id, "one", reply_markup=YES_NO)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("one", asha.id, sent.message_id, reply_markup=YES_NO)
    await bot.edit_message_text("one", asha.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(asha.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("two", asha.id, 999)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("two", asha.id, asha.chat.messages[0]["message_id"])


async def test_files_go_both_ways(bot, asha):
    sent = await bot.send_document(asha.id, io.BytesIO(b"a,b\n"), filename="x.csv", caption="Here")
    fetched = await bot.get_file(sent.document.file_id)
    assert await fetched.download_as_bytearray() == b"a,b\n"
    assert (asha.last["document"]["file_name"], asha.last["caption"]) == ("x.csv", "Here")
    again = await bot.send_document(asha.id, sent.document.file_id)
    assert again.document.file_unique_id == sent.document.file_unique_id
    with pytest.raises(BadRequest, match=r"(?i)as photo"):
        await bot.send_photo(asha.id, sent.document.file_id)
    await asha.upload("voice", b"OggS", filename="a.ogg", caption="said")
    (update,) = await bot.get_updates(timeout=1)
    voice = await update.message.voice.get_file()
    assert await voice.download_as_bytearray() == b"OggS"


async def test_pictures_have_their_size_and_can_be_replaced(bot, asha, client, sandbox):
    sent = await bot.send_photo(asha.id, PNG, has_spoiler=True, protect_content=True)
    assert (sent.photo[0].width, sent.photo[0].height) == (40, 30)
    assert asha.last["has_media_spoiler"]
    with pytest.raises(BadRequest, match="can't be copied"):
        await bot.copy_message(asha.id, asha.id, sent.message_id)
    await bot.edit_message_media(InputMediaPhoto(PNG + b"2", "new"), asha.id, sent.message_id)
    assert asha.last["caption"] == "new"
    far = await bot.send_photo(asha.id, "https://example.org/cat.jpg")
    shown = await client.get(f"{sandbox.url}/api/file/{far.photo[0].file_id}")
    assert shown.headers["content-type"] == "image/svg+xml"
    assert "https://example.org/cat.jpg" in shown.text


async def test_votes_reach_the_bot_until_the_poll_is_stopped(bot, asha):
    sent = await bot.send_poll(asha.id, "Which?", ["a", "b"], is_anonymous=False)
    await asha.vote(sent.message_id, [1])
    answer = next(u.poll_answer for u in await bot.get_updates(timeout=1) if u.poll_answer)
    assert (answer.option_ids, answer.user.id) == ((1,), asha.id)
    poll = await bot.stop_poll(asha.id, sent.message_id)
    assert [option.voter_count for option in poll.options] == [0, 1]
    with pytest.raises(LookupError, match="closed"):
        await asha.vote(sent.message_id, [0])


async def test_messages_are_forwarded_copied_pinned_deleted(bot, asha, clock):
    sent = await bot.send_message(asha.id, "<b>x</b>", parse_mode="HTML")
    forwarded = await bot.forward_message(asha.id, asha.id, sent.message_id)
    assert forwarded.forward_origin.sender_user.id == bot.id
    await bot.copy_message(asha.id, asha.id, sent.message_id)
    assert asha.last["entities"][0]["type"] == "bold"
    await bot.pin_chat_message(asha.id, sent.message_id)
    assert (await bot.get_chat(asha.id)).pinned_message.message_id == sent.message_id
    await bot.unpin_all_chat_messages(asha.id)
    await bot.set_message_reaction(asha.id, asha.chat.messages[0]["message_id"], "👍")
    await bot.delete_message(asha.id, sent.message_id)
    assert asha.chat.find(sent.message_id) is None
    clock.at += 49 * 3600
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(asha.id, forwarded.message_id)


async def test_the_menu_is_the_narrowest_in_the_persons_language(bot, asha, sandbox):
    juan = sandbox.person("Juan", language_code="es")
    for text, more in [
        ("all", {}),
        ("Swahili", {"language_code": "sw"}),
        ("admin", {"scope": BotCommandScopeChat(asha.id)}),
    ]:
        await bot.set_my_commands([BotCommand("work", text)], **more)
    assert juan.chat.commands == [{"command": "work", "description": "all"}]
    assert asha.chat.commands[0]["description"] == "admin"
    await bot.delete_my_commands(scope=BotCommandScopeChat(asha.id))
    assert asha.chat.commands[0]["description"] == "Swahili"
    assert (await bot.get_my_commands())[0].description == "all"
    with pytest.raises(BadRequest):
        await bot.set_my_commands([BotCommand("Work", "x")])
    with pytest.raises(BadRequest):
        await bot.set_my_commands([BotCommand("work", "x")], language_code="swa")


async def test_reply_keyboards_stay_until_used_or_removed(api, asha):
    once = {"keyboard": [[{"text": "One"}]], "one_time_keyboard": True}
    await api("sendMessage", chat_id=asha.id, text="?", reply_markup=once)
    assert asha.chat.keyboard == once
    await asha.send("One")
    assert asha.chat.keyboard is None
    await api("sendMessage", chat_id=asha.id, text="?", reply_markup={"keyboard": [["Two"]]})
    assert asha.chat.keyboard == {"keyboard": [[{"text": "Two"}]]}
    await api("sendMessage", chat_id=asha.id, text="!", reply_markup={"remove_keyboard": True})
    assert asha.chat.keyboard is None


async def test_people_edit_reply_and_forge(bot, asha):
    sent = await bot.send_message(asha.id, "?", reply_markup=YES_NO)
    mine = await asha.send("/help me", reply_to=sent.message_id)
    await asha.edit(mine, "other")
    await asha.tap_data(sent.message_id, "forged")
    message, edited, tap = await bot.get_updates(timeout=1)
    assert message.message.reply_to_message.text == "?"
    assert message.message.entities[0].type == "bot_command"
    assert edited.edited_message.text == "other"
    assert tap.callback_query.data == "forged"
    with pytest.raises(LookupError, match="Yes"):
        await asha.tap(sent.message_id, text="Maybe")


async def test_waiting_in_vain_shows_the_chat(api, asha):
    await api("sendMessage", chat_id=asha.id, text="the last word")
    with pytest.raises(TimeoutError, match="the last word"):
        await asha.wait(lambda chat: len(chat.messages) > 9, timeout=0.05)


async def test_names_and_texts_are_kept_by_language(bot):
    await bot.set_my_description("Work")
    await bot.set_my_description("Kazi", language_code="sw")
    assert (await bot.get_my_description("sw")).description == "Kazi"
    assert (await bot.get_my_description("es")).description == "Work"


async def test_old_messages_go_when_the_history_is_full():
    async with Sandbox(token=TOKEN, history=20) as sandbox:
        person = sandbox.person("Asha")
        for number in range(100):
            await person.send(str(number))
        assert 20 <= len(person.chat.messages) <= 25
        assert person.chat.messages[-1]["text"] == "99"
        assert person.chat.find(1) is None


async def test_errors_are_what_the_library_expects(bot, asha, sandbox, monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    sandbox.fault("sendMessage", "429", retry_after=7, count=1)
    with pytest.raises(RetryAfter) as gate:
        await bot.send_message(asha.id, "x")
    assert gate.value.retry_after.total_seconds() == 7
    await asha.block()
    with pytest.raises(Forbidden, match="blocked"):
        await bot.send_message(asha.id, "x")
    await bot.set_webhook("http://127.0.0.1:1/x")
    with pytest.raises(Conflict):
        await bot.get_updates()
