"""What reaches a person is found however it is written; ordinary numbers are left alone."""

import unicodedata

import pytest

from sumida_data.privacy.personal import NameScreen, find_kinds, is_my_number
from tests.privacy import invented
from tests.privacy.planted import NAMES, plant, write_ordinary

PLANTED = list(plant())
SCREEN = NameScreen(frozenset(NAMES))


def test_there_are_enough_cases_of_ten_kinds() -> None:
    assert len(PLANTED) >= 200
    assert len({case.kind for case in PLANTED}) == 10
    assert len({case.text for case in PLANTED}) >= 200


@pytest.mark.parametrize("kind", sorted({case.kind for case in PLANTED}))
def test_planted_data_are_found(kind: str) -> None:
    cases = [case for case in PLANTED if case.kind == kind]
    missed = [case for case in cases if not (find_kinds(case.text) or SCREEN.finds(case.text))]
    assert missed == []


def test_ordinary_text_with_numbers_is_blocked_at_most_once_in_a_hundred() -> None:
    texts = write_ordinary(5000)
    blocked = [text for text in texts if find_kinds(text) or SCREEN.finds(text)]
    assert len(set(texts)) > 4000
    assert len(blocked) <= 50, blocked


def test_without_twelve_digits_no_ordinary_text_is_blocked_at_all() -> None:
    long_numbers = ("納付書番号", "一括登録")
    texts = [text for text in write_ordinary(5000) if not any(n in text for n in long_numbers)]
    assert [text for text in texts if find_kinds(text)] == []


class TestInvented:
    """What others would type, written without a look at the detectors."""

    screen = NameScreen(frozenset(invented.COVERS))

    def find(self, texts):
        return [text for text in texts if find_kinds(text) or self.screen.finds(text)]

    def test_there_are_three_hundred_of_fourteen_kinds(self) -> None:
        cases = invented.invent()
        assert len(cases) == 300
        assert len({case.kind for case in cases}) == 14
        assert all(unicodedata.normalize("NFKC", case.text) for case in cases)

    @pytest.mark.parametrize("seed", range(18, 23))
    def test_at_least_nine_of_ten_are_found(self, seed: int) -> None:
        texts = [case.text for case in invented.invent(seed)]
        assert len(self.find(texts)) >= 270

    @pytest.mark.parametrize("seed", range(81, 86))
    def test_at_most_one_ordinary_text_of_a_hundred_is_stopped(self, seed: int) -> None:
        texts = invented.write_ordinary(500, seed)
        assert len(self.find(texts)) <= 5
        assert len(set(texts)) > 300


@pytest.mark.parametrize(
    "text",
    [
        "お客様アンケート", "多様な申請方法", "仕様書の電子化", "氏名の変更届", "摂氏28度", "本殿の使用許可",
        "お子さんの一時預かり", "さまざまな手続", "ヘルパーさん向け案内", "事業者様", "高校生さん",
        "本所1～4丁目", "八広三丁目15番街区", "施策1-2-3", "区立小学校25-30校", "40歳の女性の乳がん検診",
        "75歳の誕生日に後期高齢者医療へ移行", "平成16年4月2日から平成17年4月1日生まれの人",
        "1,500件（内1200件はオンライン）", "年間1500件（内1200）", "内訳1200件", "18歳の障害児福祉手当",
        "要介護認定（65歳）の申請", "妊婦健診（14回）", "平成16年4月2日生まれ以降が対象", "令和4年4月1日出生分から",
        "1000＋2000＝3000", "10:30-11:45、13:00", "受付4562、4563、4567件", "全職員1200名、うち管理職80名",
        "職員12345人", "障害者手帳12345冊", "作成者：情報政策課", "子どもさん", "●sumida.lg.jpへ移行",
        "学校の先生向け研修", "担当医師の公開", "歯科医師会", "新入職員諸君へ", "国歌「君が代」", "市長夫妻の公務",
        "どの様な場合でも", "区民のみなさまへ", "おひとり様1点", "おかあさん教室", "老人クラブ様", "マイナちゃん", "お相撲さん",
        "主君の城", "名君が治める", "君が代の斉唱", "議員諸君の協力", "君津市との交流", "40代の女性、50代の男性の乳がん検診",
        "40代の女性のがん", "30代・40代の男性、失業者", "40代以上、がん検診", "宛名シール20000枚", "宛名(12345件)", "第八代区長",
        "会議室1・2・3の予約", "八広1、2、3丁目", "小学校1・2・3年生", "重点施策2・7・10", "図書分類3-1-7",
        "庁内1200人", "庁内2000ユーザー", "x86サーバー", "ext4", "サイズ x1000px", "出生2020年4月6日以降の届出",
        "生年月日が平成16年4月2日から平成17年4月1日までの人", "5歳児クラスの入所", "感染症の5歳児クラス", "対象年齢40以上、がん検診",
        "みずほ銀行墨田支店の窓口", "ドットコム企業", "アットホームな窓口", "口座振替12345件", "保険証12345枚", "マイナンバーカード 123,456,789,012", "202204 202303",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_person_is_left_alone(text: str) -> None:
    assert find_kinds(text) == ()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("mihon@example.jp", ("mail_address",)),
        ("単価@500円", ()),
        ("@sumida_officialで案内", ()),
        ("03-5608-1111", ("phone_number",)),
        ("03-5608-1111,03-5608-1112", ("phone_number",)),
        ("問合せは03-5608-1111，または窓口へ", ("phone_number",)),
        ("090-1234-5678,080-1234-5678", ("phone_number",)),
        ("0356081111,", ("phone_number",)),
        ("電話03-5608-6225～6", ("phone_number",)),
        ("03-5608-6225・6226", ("phone_number",)),
        ("内線3456，3457", ("extension",)),
        ("内線12,345回線", ()),
        ("taro（ＡＴ）city.sumida.lg.jp", ("mail_address",)),
        ("taro(ｱｯﾄ)city.sumida.lg.jp", ("mail_address",)),
        ("センター03-5608-1111", ("phone_number",)),
        ("0120-12-3456", ("phone_number",)),
        ("2022-10-20", ()),
        ("0000-00-0000", ()),
        ("内線3725 03(5608)1111", ("phone_number", "extension")),
        ("内線3725台", ()),
        ("123456789018", ("my_number",)),
        ("1234-5678-9018", ("my_number",)),
        ("1234 5678 9019", ()),
        ("2019 2020 2021", ()),
        ("1123456789018", ()),
        ("窓口\u200b03-5608-\u200b1111", ("phone_number",)),
        ("マイナンバー 1234の5678の9011", ("my_number",)),
        ("123,456,789,018", ()),
        ("記号12-34 番号5678", ("personal_number",)),
        ("TK1234567", ("personal_number",)),
        ("京島一丁目二十番三号", ("address",)),
        ("例示荘203号室", ("address",)),
        ("Ｓ５５．４．１生", ("birth_date",)),
        ("52歳男性、糖尿病で通院中", ("circumstance",)),
        ("88歳、生活保護受給", ("circumstance",)),
        ("46歳 がん治療中", ("circumstance",)),
        ("緒方様", ("person_name",)),
        ("8人中1人が利用した場合", ("few_people",)),
        ("30名のうち25名", ("few_people",)),
        ("100人中50人", ()),
        ("氏名：見本　太郎", ("person_name",)),
        ("担当（内6695）", ("extension",)),
        ("（内線・６６９５）", ("extension",)),
        ("窓口係 内6695", ("extension",)),
        ("PHS番号 6695", ("extension",)),
        ("要介護3の63歳", ("circumstance",)),
        ("末期がんの６６歳", ("circumstance",)),
        ("アルコール依存症の五十二歳", ("circumstance",)),
        ("48歳 ALS", ("circumstance",)),
        ("夜間連絡先 080 06118374", ("phone_number",)),
        ("03＝5274＝1576", ("phone_number",)),
        ("0081-80-0611-8374", ("phone_number",)),
        ("直5274-1576", ("phone_number",)),
        ("saeki■example.jp", ("mail_address",)),
        ("saeki＠例示.jp", ("mail_address",)),
        ('saeki"at"example.jp', ("mail_address",)),
        ("1234→5678→9018", ("my_number",)),
        ("①123456789018", ("my_number",)),
        ("宛名コード8813412828", ("personal_number",)),
        ("身体障害者手帳 東京都第926005号", ("personal_number",)),
        ("ゆうちょ 10230-22799491", ("personal_number",)),
        ("国保 記号・番号 12-669333", ("personal_number",)),
        ("横網2丁目27ノ10", ("address",)),
        ("大字山田字川227番10", ("address",)),
        ("都営緑町アパート2号棟205号室", ("address",)),
        ("平成元年7月5日生", ("birth_date",)),
        ("令和2年7月5日出生の子", ("birth_date",)),
        ("S200705生", ("birth_date",)),
        ("生年月日　明・大・昭・平20年7月5日", ("birth_date",)),
        ("野口ちゃんの件", ("person_name",)),
        ("Ms. Noguchi", ("person_name",)),
        ("記入者：見本太郎", ("person_name",)),
        ("対象18名、うち未受講1名", ("few_people",)),
        ("担当 x3580", ("extension",)),
        ("ext3058へ", ("extension",)),
        ("庁内4514へ", ("extension",)),
        ("（F）3839-8146", ("phone_number",)),
        ("saekiアットマークexampleドットcom", ("mail_address",)),
        ("例示銀行321支店3787886", ("personal_number",)),
        ("住基カード番号43847940400", ("personal_number",)),
        ("菊川2・27・10", ("address",)),
        ("吾妻橋 4－17－2", ("address",)),
        ("5/7/1945生", ("birth_date",)),
        ("昭4・9・23生", ("birth_date",)),
        ("誕生日：2月28日(1966年)", ("birth_date",)),
        ("出生 1943年10月24日", ("birth_date",)),
        ("自閉症の5歳児", ("circumstance",)),
        ("年齢19、難病で療養中の方", ("circumstance",)),
        ("32歳、てんかん", ("circumstance",)),
        ("たかはし様の件", ("person_name",)),
        ("窓口ですずきさん", ("person_name",)),
        ("例示先生に確認", ("person_name",)),
        ("見本 健先生", ("person_name",)),
        ("例示君", ("person_name",)),
        ("赤羽 健君", ("person_name",)),
        ("赤羽健君が来庁", ("person_name",)),
        ("例示君の作品", ("person_name",)),
        ("（宛名）36465535", ("personal_number",)),
        ("宛名：36465535", ("personal_number",)),
        ("カルテ 0036465", ("personal_number",)),
        ("40代の女性、乳がん", ("circumstance",)),
        ("五十代男性　脳梗塞で入院", ("circumstance",)),
        ("認知症の80歳代の父", ("circumstance",)),
        ("例示医師", ("person_name",)),
        ("見本　悠人様宅", ("person_name",)),
    ],
)
def test_the_kind_is_told(text: str, kinds: tuple[str, ...]) -> None:
    assert find_kinds(text) == kinds


def test_each_digit_decides_the_check_digit() -> None:
    assert is_my_number("123456789018")
    changed = [f"{d}23456789018" for d in "023456789"] + [f"12345678901{d}" for d in "012345679"]
    assert [number for number in changed if is_my_number(number)] == []
    # A remainder of 0 or 1 gives 0.
    assert is_my_number("000000000000")


@pytest.mark.parametrize(
    ("cover", "found", "not_found"),
    [
        (
            "山田 太郎",
            ["担当は山田太郎", "山田　太郎", "山田さんに確認", "山 田 太 郎"],
            ["山田町", "小山田さん"],
        ),
        ("税務課 山田太郎（主任）", ["山田 太郎"], ["税務課職員3人", "税務課担当"]),
        ("担当：鈴木 花子、佐藤 次郎 様", ["鈴木花子", "佐藤次郎", "佐藤課長"], ["様式第2号"]),
        ("山田", ["山田", "山田係長"], ["山田町の窓口", "山田"[:1]]),
        ("高橋 一郎", ["髙橋一郎", "髙橋様"], ["高橋様式"]),
        ("Yamada Taro", ["YAMADA TARO", "担当Yamada Taroまで"], ["Yamadataro"]),
        ("2345", [], ["2345"]),
        ("税務課 山田　太郎", ["山田太郎"], ["税務課の窓口"]),
        ("税務課長 山田太郎", ["山田太郎"], ["税務課長の決裁"]),
        ("税務課 主事 山田 太郎（内線3456）", ["山田太郎"], ["主事の研修"]),
        ("税務課山田太郎", ["山田太郎"], ["税務課"]),
        ("山田太郎 03-5608-1111", ["山田太郎"], []),
        ("山田太郎・鈴木花子", ["山田太郎", "鈴木 花子"], []),
        ("山田太郎　鈴木花子", ["山田太郎", "鈴木花子"], []),
        ("ジョン・スミス", ["ジョン・スミス"], []),
        ("架空 さくら", ["架空さくら"], ["さくら市"]),
        ("情報システム 山田太郎", ["山田太郎"], ["情報システムの更新"]),
        ("服部 半蔵", ["服部半蔵"], ["半蔵門"]),
        ("情報システム 山田", ["情報システム山田"], ["情報システムの更新"]),
        ("mihon@example.jp", [], ["mihon"]),
        ("見本 太郎（ミホン タロウ）", ["太郎　見本", "みほん たろう", "ﾐﾎﾝﾀﾛｳ"], ["ミホン"]),
        ("葛\U000e0100西 花子", ["葛西花子", "葛\ufe00西花子"], ["葛西臨海公園"]),
        (
            "森 優",
            ["担当森優まで", "森優が作成", "担当は森 優", "森主査"],
            ["森優美術館", "森林の整備"],
        ),
        ("Yamada Taro", ["TARO, Yamada", "yamada_taro"], ["taroyamada"]),
        ("見本課 （ヘルプデスク）", [], ["ヘルプデスク"]),
    ],
)
def test_names_of_covers_are_found(cover: str, found: list[str], not_found: list[str]) -> None:
    screen = NameScreen(frozenset({cover}))
    assert [text for text in found if not screen.finds(text)] == []
    assert [text for text in not_found if screen.finds(text)] == []


def test_without_covers_nothing_is_found() -> None:
    assert not NameScreen(frozenset()).finds("山田太郎")
    assert not NameScreen(frozenset()).finds("")


def test_a_screen_shows_no_name() -> None:
    assert "墨田" not in repr(SCREEN)
