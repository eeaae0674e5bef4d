"""What the pictures say, in English and in Arabic as it is written in Egypt.

All of it was made up for this gallery. Arabic lines hold only letters, digits and the marks
``. : ! ؟ ،``: some Arabic fonts have nothing else.
"""

from __future__ import annotations

from typing import NamedTuple


class Chat(NamedTuple):
    """A conversation: who it is with, what stands below the name, and who says what."""

    name: str
    status: str
    messages: tuple[tuple[bool, str], ...]  # (mine, text)


class Page(NamedTuple):
    """Something to study: a title, paragraphs or points, and formulas."""

    title: str
    points: tuple[str, ...]
    formulas: tuple[str, ...] = ()


MEMES = {
    "en": (
        ("WHEN THE WIFI DROPS", "FOR TWO SECONDS"),
        ("ME PRETENDING TO LISTEN", "IN THE 8 AM LECTURE"),
        ("I CAME FOR ONE COFFEE", "I LEFT WITH 5 PASTRIES"),
        ("NOBODY WARNED ME", "THAT ADULTS PAY BILLS EVERY MONTH"),
        ("MY ALARM AT 6:00", "ME AT 6:59"),
        ("I SAID I WOULD SLEEP EARLY", "IT IS 3:15 IN THE MORNING"),
        ("FIVE PERCENT BATTERY", "AND 20 KILOMETRES FROM HOME"),
        ("YES I READ THE TERMS", "ALL ZERO OF THEM"),
        ("MY DIET STARTS TOMORROW", "IT ALWAYS STARTS TOMORROW"),
        ("IT WORKED ON MY LAPTOP", "THEN THE CLIENT JOINED THE CALL"),
    ),
    "ar": (
        ("لما الدكتور يقول", "الامتحان سهل متقلقوش"),
        ("قلت هذاكر ساعتين", "مسكت الموبايل خمس ساعات"),
        ("لما ماما تقولي", "قوم شوف مين على الباب"),
        ("راجع من الشغل الساعة ٩", "وعندي شغل الساعة ٧"),
        ("قلت هاكل لقمة واحدة بس", "خلصت الحلة كلها"),
        ("لما النت يفصل", "وانت في نص الماتش"),
        ("المرتب نزل يوم ٢٥", "وخلص يوم ٢٦"),
        ("صاحبي: خمس دقايق وأكون عندك", "وهو لسه في السرير"),
        ("هبدأ الدايت من بكرة", "بكرة ده بقاله ٣ سنين"),
        ("لما تفتح التلاجة للمرة العاشرة", "ومفيش حاجة جديدة ظهرت"),
    ),
}

STRIPS = {
    "en": (
        "My bank app: you spent 40 dollars on snacks. Me: that was not me, that was hunger.",
        "Nobody: absolutely nobody. My neighbour at 7:00 on a Saturday: time to drill 12 holes.",
        "Teacher: the test has 30 questions. The test: question 1 has parts a to k.",
        "I do not need an alarm clock. My cat has never been late for breakfast.",
    ),
    "ar": (
        "البنك: حضرتك صرفت ٩٠٠ جنيه أكل الأسبوع ده. أنا: مش أنا يا فندم ده الجوع.",
        "الجيران الساعة ٧ الصبح يوم الجمعة: يلا بينا ندق ١٢ مسمار في الحيطة.",
        "أنا في الحلم باخد الدكتوراه، وأنا في الحقيقة مش لاقي فردة الشراب التانية.",
        "المدرس: الامتحان مش هيخرج عن الكتاب. الامتحان: اكتب اسم جد المؤلف.",
    ),
}

CHATS = {
    "en": (
        Chat(
            "Daniel Moore",
            "online",
            (
                (False, "Hey, are we still on for Friday?"),
                (True, "Yes! The table is booked for 7:30 at the fish place near the harbour"),
                (False, "Great. How many of us are coming?"),
                (True, "6 so far, maybe 7 if Lina finishes work early"),
                (False, "I can pick you up at 6:45"),
                (True, "Perfect, thank you so much"),
            ),
        ),
        Chat(
            "Flat 12",
            "Maya, Oscar, Ruth, You",
            (
                (False, "The electricity bill came, it is 84.60 this month"),
                (True, "Ouch. So 21.15 each?"),
                (False, "Exactly. Please send it before the 5th"),
                (True, "Done, I also paid for the bin bags"),
                (False, "You are a star. Whose turn is it to clean the kitchen?"),
                (True, "Not mine, I did it last week!"),
            ),
        ),
        Chat(
            "Mum",
            "last seen today at 8:02",
            (
                (False, "Did you eat anything today"),
                (True, "Yes mum, I had soup and half a loaf of bread"),
                (False, "Soup is not a meal"),
                (True, "It had potatoes in it"),
                (False, "Call your grandmother on Sunday, she turns 81"),
                (True, "Of course, I already bought her a scarf"),
            ),
        ),
        Chat(
            "Bike Repair Shop",
            "usually replies within an hour",
            (
                (True, "Hello, how much is a new chain for a city bike?"),
                (False, "Hi! Chain and fitting together are 35 euros"),
                (True, "And could you look at the brakes as well?"),
                (False, "Sure, bring it in before 4 PM and it will be ready tomorrow"),
                (True, "See you at 3 then"),
            ),
        ),
    ),
    "ar": (
        Chat(
            "أحمد سامي",
            "متصل الآن",
            (
                (False, "صباح الفل يا باشا عامل ايه؟"),
                (True, "الحمد لله تمام، انت اللي عامل ايه"),
                (False, "هننزل النهارده على ٧ ولا ايه؟"),
                (True, "أيوه بس استنى أخلص شغل الأول"),
                (False, "ماشي، هعدي عليك ٧ ونص تحت البيت"),
                (True, "تمام، وهات معاك الشاحن متنساش"),
            ),
        ),
        Chat(
            "ماما",
            "آخر ظهور اليوم",
            (
                (False, "جبت العيش وانت جاي؟"),
                (True, "لا والله نسيت، هنزل أجيبه دلوقتي"),
                (False, "طب هات كمان ٢ كيلو طماطم وربع جبنة رومي"),
                (True, "حاضر يا ست الكل، عايزة حاجة تانية؟"),
                (False, "سلامتك يا حبيبي، متتأخرش الأكل هيبرد"),
            ),
        ),
        Chat(
            "محل النور للموبايلات",
            "حساب تجاري",
            (
                (True, "مساء الخير، السماعة دي بكام لو سمحت؟"),
                (False, "مساء النور يا فندم، ٤٥٠ جنيه والتوصيل ٣٠"),
                (True, "ولو أخدت اتنين فيه خصم؟"),
                (False, "هنعملهم لحضرتك ٨٥٠ بالتوصيل"),
                (True, "تمام ابعتلي واحدة سودا وواحدة بيضا"),
                (False, "هيوصلوا بكرة من ١٢ إلى ٤ العصر"),
            ),
        ),
        Chat(
            "رحلة الفيوم",
            "منى، كريم، ياسمين، أنت",
            (
                (False, "يا جماعة الأتوبيس هيتحرك ٦ الصبح بالدقيقة"),
                (True, "بدري أوي كده ليه؟"),
                (False, "عشان نلحق الشروق عند البحيرة"),
                (True, "طيب مين هيجيب الفطار؟"),
                (False, "كل واحد يدفع ٦٠ جنيه وأنا هجيب فول وطعمية"),
                (True, "اتفقنا، بس كتر الطحينة"),
            ),
        ),
    ),
}

POSTS = {
    "en": (
        (
            "Nora Whitfield",
            "2 hours ago",
            "Finally finished the garden wall after 3 weekends. My back hurts, my hands are grey, "
            "and I would start again tomorrow.",
        ),
        (
            "City Running Club",
            "Yesterday at 18:40",
            "Sunday route: 10 km along the river, easy pace, coffee afterwards. Meet at the old "
            "bridge at 8:30. Beginners are welcome!",
        ),
        (
            "Tomas Berg",
            "5 minutes ago",
            "Lost: a grey backpack on tram 14 this morning. It has my notes for the final exam "
            "inside. Please share.",
        ),
        (
            "Green Lane Market",
            "Monday at 9:15",
            "This week: strawberries for 2.50 a box, fresh bread every morning, and live music on "
            "Saturday from 11 to 2.",
        ),
        (
            "Ivy Chen",
            "3 days ago",
            "Unpopular opinion: a phone call is faster than 40 messages about where to eat.",
        ),
    ),
    "ar": (
        (
            "سارة محمود",
            "منذ ساعتين",
            "حد يعرف دكتور أسنان كويس في مدينة نصر؟ ضرسي واجعني من امبارح ومش عارفة أنام، "
            "ويا ريت يكون سعره معقول.",
        ),
        (
            "كريم عبد الله",
            "أمس الساعة ٦:٤٠",
            "اللي نازل وسط البلد ياخد باله، الطريق واقف من الساعة ٣ وفيه عربية عطلانة عند "
            "مطلع الكوبري.",
        ),
        (
            "سوق المعادي للمستعمل",
            "منذ ٥ دقائق",
            "للبيع غسالة ٧ كيلو استعمال سنة واحدة بحالة ممتازة، السعر ٦٥٠٠ جنيه قابل للتفاوض، "
            "والاستلام من البيت.",
        ),
        (
            "مطبخ تيتة",
            "الجمعة الساعة ١:١٥",
            "سر الكشري في الدقة، فصين توم وربع كوباية خل ومعلقة كمون. جربوها وادعولي، "
            "والصلصة سيبوها على نار هادية ٢٠ دقيقة.",
        ),
        (
            "هدى فؤاد",
            "منذ ٣ أيام",
            "النهارده أول يوم ليا في الشغل الجديد، صحيت قبل المنبه بساعة من كتر القلق، "
            "ادعولي يا جماعة.",
        ),
    ),
}

GREETINGS = (
    ("صباح الخير", "صباح جميل زي قلوبكم", "day"),
    ("رمضان كريم", "كل سنة وأنتم طيبين وبخير", "night"),
    ("جمعة مباركة", "ربنا يتقبل منا ومنكم صالح الأعمال", "green"),
    ("عيد مبارك", "أعاده الله عليكم بالصحة والسعادة", "night"),
    ("مساء الورد", "على أجمل ناس في حياتي", "rose"),
    ("تصبحون على خير", "نوم هادي وأحلام سعيدة", "night"),
    ("مبروك النجاح", "عقبال الدكتوراه يا بطل", "day"),
    ("عيد ميلاد سعيد", "عقبال مية سنة يا أغلى أخت", "rose"),
)

SLIDES = (
    Page(
        "Projectile motion",
        ("Air resistance is ignored", "Gravity acts downwards only", "Angles are in radians"),
        ("x = v₀ t cos θ", "y = v₀ t sin θ − ½ g t²"),
    ),
    Page(
        "Conditional probability",
        ("Two events A and B", "B must be possible", "Order matters in general"),
        ("P(A ∩ B) = P(A) × P(B)", "0 ≤ P(A) ≤ 1"),
    ),
    Page(
        "Cost of a binary search",
        (
            "The list is sorted first",
            "Each step halves the range",
            "At most 20 steps for a million",
        ),
        ("T(n) = T(n/2) + 1", "2²⁰ ≈ 1 000 000"),
    ),
    Page(
        "Electric circuits",
        ("Current is the same in series", "Voltages add up", "Power turns into heat"),
        ("U = R × I", "P = U × I", "R = R₁ + R₂ + R₃"),
    ),
)

PAGES = (
    Page(
        "3 The definite integral",
        (
            "Let f be continuous on a closed interval. We cut the interval into n equal pieces and "
            "add up the areas of the rectangles that stand on them.",
            "As n grows, the sum approaches a limit that does not depend on the points we chose "
            "inside the pieces. The simplest example is the parabola.",
        ),
        ("∫ 2x dx = x² + C", "∑ k = n(n + 1) / 2"),
    ),
    Page(
        "Exercise sheet 4",
        (
            "Solve each equation for x and check the result by substitution. Show every step; a "
            "bare number earns no points.",
            "Hand in your solutions on paper before Thursday. You may work in pairs, but each of "
            "you writes a separate copy.",
        ),
        ("x² − 5x + 6 = 0", "√(2x + 1) = 7", "|x − 3| ≤ 0.5"),
    ),
    Page(
        "Waves and sound",
        (
            "A wave carries energy without carrying matter. Its speed follows from the frequency "
            "and the distance between two crests.",
            "In dry air sound travels about 343 metres in a second, so thunder lags behind the "
            "flash by three seconds for each kilometre.",
        ),
        ("v = f λ", "λ = 343 / 440 ≈ 0.78"),
    ),
)

NOTES = {
    "en": (
        Page(
            "Biology, week 6",
            (
                "Plants need light, water",
                "and carbon dioxide.",
                "Leaves are green because",
                "they reflect green light.",
                "Quiz on Tuesday: pages 48 to 61",
            ),
        ),
        Page(
            "Algebra revision",
            (
                "Expand the brackets first",
                "(a + b)² = a² + 2ab + b²",
                "then collect equal terms",
                "3x + 4 = 19 so x = 5",
                "Ask about question 7!",
            ),
        ),
        Page(
            "Meeting with Dr Hall",
            (
                "Chapter 2 is too long",
                "Cut it to 15 pages",
                "Add one figure about the results",
                "Next draft due on 30 March",
            ),
        ),
    ),
    "ar": (
        Page(
            "محاضرة الكيمياء",
            (
                "الماء يغلي عند ١٠٠ درجة",
                "والضغط يغير درجة الغليان",
                "الواجب: حل مسائل الباب الثالث",
                "الامتحان يوم الأحد الساعة ١٠",
            ),
        ),
        Page(
            "مراجعة التاريخ",
            (
                "افتتاح قناة السويس سنة ١٨٦٩",
                "وبدأ بناء السد العالي سنة ١٩٦٠",
                "لازم أراجع الخريطة كويس",
                "الدكتور قال السؤال ده مهم",
            ),
        ),
    ),
}
