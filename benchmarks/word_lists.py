"""Words with their dictionary forms, chosen by us; "|" separates equally good answers."""

from __future__ import annotations

ENGLISH = """
dogs dog
wishes wish
stories story
leaves leaf|leave
knives knife
heroes hero
buses bus
photos photo
babies baby
wives wife
teeth tooth
geese goose
oxen ox
people people|person
criteria criterion
analyses analysis|analyse
series series
sheep sheep
glasses glass|glasses
sang sing
swam swim
broken break|broken
written write|written
caught catch
taught teach
forgot forget
chose choose
slept sleep
drove drive
fell fall
left leave|left
said say
made make
saw see|saw
is be
were be
has have
does do
running run
stopped stop
dancing dance|dancing
hoping hope
hopping hop
tried try
carries carry
dying die
agreed agree
begging beg
happier happy
easiest easy
further far|further
least little|least|less
bus bus
always always
perhaps perhaps
lens lens
christmas christmas
species species
during during
evening evening
nothing nothing
Sunday sunday
PHONES phone
isn't be not
wouldn't would not
they've they have
she'll she will
we're we be
let's let us
that's that be
mustn't must not
you'd you would|you have
boss's boss
Sara's sara
"""

GLUED = """
seeyoutomorrow see you tomorrow
goodnight good night|goodnight
iloveyou i love you
howareyou how are you
whatareyoudoing what are you doing
thankyousomuch thank you so much
mothersday mothers day
happyanniversary happy anniversary
freeshipping free shipping
buyonegetonefree buy one get one free
termsandconditions terms and conditions
forgotpassword forgot password
signinwithgoogle sign in with google
readmore read more
writeacomment write a comment
sharethispost share this post
openingsoon opening soon
specialoffer special offer
newarrivals new arrivals
donotdisturb do not disturb
whenyourealize when you realize
nobodycares nobody cares
mondaymorning monday morning
homework homework
thequickbrownfox the quick brown fox
keepcalmandcarryon keep calm and carry on
trafficjam traffic jam
chapterone chapter one
solvethefollowing solve the following
linearalgebra linear algebra
letxbe let x be
batterylow battery low
airplanemode airplane mode
missedcall missed call
videocall video call
lastseentoday last seen today
typeamessage type a message
joinnow join now
bestfriendsforever best friends forever
WelcomeHome welcome home
"""

SINGLE = """
facebook instagram youtube javascript university mathematics understanding overwhelming
responsibility electromagnetic neuroscience thermodynamics backpropagation eigenvalue
mohamed mostafa abdelrahman alexandria vodafone samsung microsoft tiktok snapchat
christopher breakfast birthday everything sometimes underground notification screenshot
password unfollow counterintuitive hydroxychloroquine supermarket
"""

STANDARD_ARABIC = """
السيارة سيارة
والأطفال طفل
بالمدرسة مدرسة
للناس ناس
وللمسلمين مسلم
فالحكومة حكومة
كالأسد أسد
أصدقائي صديق
صديقتها صديق|صديقة
كتبهم كتاب|كتب
بيوتنا بيت
سيارتك سيارة
أعمالكم عمل
أقلام قلم
شوارع شارع
علماء عالم
أسئلة سؤال
دروس درس
صور صورة
رسائل رسالة
ملوك ملك
أنهار نهر
طلاب طالب
مشاكل مشكلة
أيام يوم
جامعات جامعة
مسافرون مسافر
الفلاحين فلاح
شهران شهر
ساعتين ساعة
يذهبون ذهب
تقولين قال
قالت قال
سأكتب كتب
وسيعود عاد
استخدموا استخدم
يستطيع استطاع
نريد أراد
يجب وجب
كانوا كان
تكون كان
ليست ليس
يدرسون درس
شربنا شرب
رأيت رأى
وصلوا وصل
نشكركم شكر
أحبك أحب
ينامون نام
يبيع باع
تعلمت تعلم
سعيدة سعيد
السعداء سعيد
الطويلة طويل
جدد جديد
مهمة مهم|مهمة
العربية عربي|عربية
تلك ذلك|تلك
هؤلاء هذا|هؤلاء
إليكم إلى
عليهم على
منها من
بينكم بين
لأنه لأن|أن
مُحَمَّدٌ محمد
الرَّحْمٰنِ رحمن
مبــــروك مبروك
الأبواب باب
نوافذ نافذة
مفاتيحي مفتاح
والطائرات طائرة
بسرعة سرعة
كالماء ماء
للأطباء طبيب
مستشفيات مستشفى
جيراننا جار
أغانيه أغنية
قصصهم قصة
حدائق حديقة
الممرضات ممرضة|ممرض
المزارعون مزارع
لاعبين لاعب
كرتان كرة
شجرتين شجرة
يسافرون سافر
سافرنا سافر
سيسافر سافر
تسمعين سمع
نسمعها سمع
يستعملونه استعمل
انكسرت انكسر
احترمني احترم
يتعاونون تعاون
اجتمعوا اجتمع
صلينا صلى
يدعو دعا
نامت نام
قلتم قال
أكلوا أكل
جلسوا جلس
اذهبوا ذهب
اسمعي سمع
لنأكل أكل
عنده عند
فوقهم فوق
أمامك أمام
لكنهم لكن
كأنها كأن
اللواتي الذي|اللواتي
أولئك ذلك|أولئك
فأين أين
غريبة غريب
أذكياء ذكي
الصفراء أصفر
كبيرتان كبير
الجميلات جميل|جميلة
الاقتصادية اقتصادي|اقتصاد
"""

EGYPTIAN = """
بيروح راح
هنروح راح
حتروحي راح
رحت راح
بتحبيني حب
بحبك حب|أحب
هيجيب جاب
جبتلك جاب
بنلعب لعب
عايزة عايز|عاز
عايزين عايز|عاز
مش مش
مفيش في|فيه|مفيش
معنديش عند
ماعرفش عرف
معرفش عرف
مقدرش قدر
مبيفهمش فهم
مشوفتوش شاف
مرحناش راح
مكنتش كان
ماجاش جه|جا|جاء
دلوقتي دلوقتي
النهارده النهارده|نهارده
امبارح امبارح
بكرة بكرة
علشان علشان|عشان
كده كده
برضه برضه|برضو
إنت انت
انتو انت|انتو|انتوا
احنا احنا
دي ده|دي
دول ده|دول
اللي اللي
فين فين
ازاي ازاي
بتاعتي بتاع
بتوعنا بتاع
عربيات عربية
عربيتي عربية
البنات بنت
صحابي صاحب
صاحبتي صاحب|صاحبة
فلوسي فلوس
أوض أوضة
شبابيك شباك
كراسي كرسي
حاجات حاجة
الشغل شغل
موبايلك موبايل
بصي بص
شفتك شاف
شوفت شاف
قولتلها قال
بيقولوا قال
بيقولي قال
خليك خلى
خليني خلى
بيشتغل اشتغل
اشتغلت اشتغل
اتجوزت اتجوز|تجوز
بيتكلموا اتكلم|تكلم
هنتقابل اتقابل|تقابل
ماشيين ماشي|مشى
نايمة نايم|نام
وحشتيني وحش
كويسين كويس
وحشة وحش
جامدة جامد
طيبين طيب
صغيرين صغير
تعبانة تعبان
فرحانين فرحان
عندها عند
معاكي مع
ليكم ل|لي
بيها ب|بي|بيه
كلها كل
حبيبتي حبيب|حبيبة
ياريت ياريت|ريت
أهلا أهلا|أهل
مبروك مبروك
خناقة خناقة
نكت نكتة
بطل بطل
سنين سنة
أيامنا يوم
ساكنين ساكن|سكن
فاهمين فاهم|فهم
بينزلوا نزل
هيوصلوا وصل
بتسمعني سمع
مسمعتكش سمع
هتلاقيها لقى|لاقى
لقيته لقى
بدور دور
ضيعت ضيع
بنطبخ طبخ
حرقتها حرق
ماتحرقيش حرق
بيصوروا صور
اتصورنا اتصور|تصور
هصورك صور
متسبنيش ساب
سبتها ساب
بيخافوا خاف
خفت خاف|خف
هنفوز فاز
فزنا فاز
بيذاكروا ذاكر
ماذاكرتش ذاكر
نجحت نجح
هتسقطي سقط
طلعنا طلع
بتاعكو بتاع
عندكو عند
ماعندهمش عند
مامعيش مع
معاهاش مع
ليكي ل|لي
عليهم على
منهم من
زيهم زي
جنبك جنب
كدة كده
النهاردة النهارده|نهارده
ازيكم ازي|ازيكم
عاملين عامل
جعانة جعان
بردانين بردان
الصغيرة صغير
الأوضة أوضة
الحيطان حيطة
معالق معلقة
صوابعي صباع
عينيك عين
إيديا إيد
ولادي ولد
بنتها بنت
مرات مرات|مراة
حماتها حماة
جوزك جوز
سواقين سواق
دكاترة دكتور
امتحانات امتحان
كلمتك كلم|كلمة
بوستات بوست
صورتي صورة
نزلت نزل
"""


def pairs(table: str) -> list[tuple[str, list[str]]]:
    """Return (word, accepted answers) of each line."""
    lines = (line.split(" ", 1) for line in table.strip().splitlines())
    return [(word, answers.split("|")) for word, answers in lines]
