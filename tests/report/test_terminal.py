"""The summary opens with the verdict, in words."""

import numpy as np

from vesalius.report import summary


def test_a_summary_opens_with_the_verdict_and_tells_the_noise(body, denoised):
    first, *_, noise, last = summary(denoised(body(np.eye(3)))).splitlines()
    assert first.startswith("denoise: May be shown.")
    assert noise == "noise before 12 a.u., after 3 a.u. (75 % less)"
    assert "research use only" in last


def test_a_summary_of_a_withheld_result_gives_the_reasons(body, denoised):
    result = denoised(body(np.eye(3)), "withhold", ("It is an X-ray.", "It is huge."))
    first, *others = summary(result).splitlines()
    assert first.startswith("denoise: Withheld.")
    assert others[:2] == ["  - It is an X-ray.", "  - It is huge."]


def test_our_own_words_need_nothing_but_ascii(body, denoised):
    assert summary(denoised(body(np.eye(3)))).isascii()


def test_a_summary_tells_a_volume_or_a_number_of_findings_in_words(
    body, outlined, nodules, translated
):
    mr, ct = body(np.eye(3)), body(np.eye(3), units="HU")
    for result, words in (
        (outlined(mr), "Tumour volume"),
        (outlined(mr, share=0.5), "No tumour is outlined."),
        (nodules(ct), "3 nodules found."),
        (nodules(ct, 0), "Nothing above the model's threshold was found."),
        (translated(mr), "Everything in this CT was imagined from MR."),
    ):
        told = summary(result)
        assert words in told.splitlines()[1]
        assert told.isascii()
