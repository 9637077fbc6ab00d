"""Simple facts and small sums: each function returns one random (question, answer) pair."""

import re

from grammar import expand

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Portugal": "Lisbon",
    "England": "London", "the United Kingdom": "London", "Great Britain": "London", "Ireland": "Dublin",
    "Scotland": "Edinburgh", "Wales": "Cardiff", "Austria": "Vienna", "Switzerland": "Bern",
    "Belgium": "Brussels", "the Netherlands": "Amsterdam", "Luxembourg": "Luxembourg", "Denmark": "Copenhagen",
    "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki", "Iceland": "Reykjavik", "Poland": "Warsaw",
    "the Czech Republic": "Prague", "Hungary": "Budapest", "Romania": "Bucharest", "Bulgaria": "Sofia",
    "Greece": "Athens", "Croatia": "Zagreb", "Serbia": "Belgrade", "Slovenia": "Ljubljana",
    "Slovakia": "Bratislava", "Estonia": "Tallinn", "Latvia": "Riga", "Lithuania": "Vilnius", "Ukraine": "Kyiv",
    "Russia": "Moscow", "Turkey": "Ankara", "Egypt": "Cairo", "Morocco": "Rabat", "Kenya": "Nairobi",
    "Nigeria": "Abuja", "Ethiopia": "Addis Ababa", "Ghana": "Accra", "Senegal": "Dakar",
    "Iran": "Tehran", "Iraq": "Baghdad", "India": "New Delhi", "Pakistan": "Islamabad", "China": "Beijing",
    "Japan": "Tokyo", "South Korea": "Seoul", "Thailand": "Bangkok", "Vietnam": "Hanoi",
    "Indonesia": "Jakarta", "the Philippines": "Manila", "Australia": "Canberra", "New Zealand": "Wellington",
    "Canada": "Ottawa", "the United States": "Washington", "the USA": "Washington", "America": "Washington",
    "Mexico": "Mexico City", "Cuba": "Havana", "Brazil": "Brasilia", "Argentina": "Buenos Aires",
    "Chile": "Santiago", "Peru": "Lima", "Colombia": "Bogota", "Uruguay": "Montevideo",
}

# Countries, regions and inventions whose capital the model must not guess.
UNKNOWN_PLACES = """Mongolia Nepal Zambia Botswana Chad Mali Niger Angola Namibia Malawi Togo Benin Gabon Yemen Oman
Qatar Laos Bhutan Fiji Samoa Tonga Malta Andorra Monaco Albania Moldova Belarus Georgia Armenia Kazakhstan Uzbekistan
Tajikistan Afghanistan Syria Jordan Lebanon Libya Tunisia Algeria Sudan Somalia Uganda Rwanda Tanzania Mozambique
Madagascar Mauritius Jamaica Haiti Panama Guatemala Honduras Nicaragua Ecuador Bolivia Paraguay Venezuela Guyana
Suriname Texas California Florida Bavaria Catalonia Atlantis Narnia Mordor Gondor Wakanda Africa Europe Asia Mars
Antarctica Greenland Kosovo Cyprus Taiwan Singapore Malaysia Bangladesh Myanmar Cambodia""".split()

UNKNOWN_CAPITAL = [
    "I do not know that capital, sorry. I know about sixty others.",
    "Sorry, I did not learn that one. I know the capitals of about sixty other countries."]

COLOURS = {
    "the sky": "The sky is blue on a clear day.", "grass": "Grass is green.", "snow": "Snow is white.",
    "a banana": "A ripe banana is yellow.", "the sun": "The sun looks yellow.", "blood": "Blood is red.",
    "coal": "Coal is black.", "an orange": "An orange is orange, as its name says.", "milk": "Milk is white.",
    "a lemon": "A lemon is yellow.", "a tomato": "A ripe tomato is red.", "the sea": "The sea looks blue.",
    "the night": "The night is black.", "chocolate": "Chocolate is brown.", "a strawberry": "A strawberry is red.",
    "a leaf": "A leaf is green, and often yellow or red in autumn.", "an elephant": "An elephant is grey.",
    "a frog": "Most frogs are green.", "a carrot": "A carrot is orange.", "salt": "Salt is white.",
    "wood": "Wood is mostly brown.", "gold": "Gold is yellow and shiny.", "the ocean": "The ocean looks blue.",
    "a cucumber": "A cucumber is green.", "coffee": "Coffee is dark brown.", "a cherry": "A cherry is red.",
    "the moon": "The moon looks grey or white.", "a flamingo": "A flamingo is pink.", "fire": "Fire is red and yellow.",
}

OPPOSITES = """hot cold;big small;up down;left right;day night;good bad;fast slow;old new;black white;open closed;
happy sad;light dark;high low;long short;rich poor;early late;full empty;strong weak;hard soft;wet dry;clean dirty;
yes no;true false;north south;east west;inside outside;first last;easy difficult;loud quiet;thick thin;near far;
love hate;win lose;begin end;start stop;push pull;buy sell;friend enemy;young old;before after;summer winter;always never;
cheap expensive;heavy light;sweet sour;deep shallow;safe dangerous;on off;large small;right wrong;tall short;war peace"""
OPPOSITES = [tuple(pair.split()) for pair in OPPOSITES.replace("\n", "").split(";")]

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

SOUNDS = {
    "a cat": "A cat says meow.", "a dog": "A dog says woof.", "a cow": "A cow says moo.", "a duck": "A duck says quack.",
    "a sheep": "A sheep says baa.", "a pig": "A pig says oink.", "a frog": "A frog says ribbit.",
    "a lion": "A lion roars.", "a bee": "A bee says buzz.", "an owl": "An owl says hoo.",
    "a horse": "A horse says neigh.", "a snake": "A snake says hiss.", "a bird": "A bird says tweet.",
    "a mouse": "A mouse says squeak.", "a wolf": "A wolf howls.", "the fox": "Nobody knows what the fox says.",
}

LEGS = {
    "a cat": "A cat has four legs.", "a dog": "A dog has four legs.", "a spider": "A spider has eight legs.",
    "a human": "A human has two legs.", "a bird": "A bird has two legs.", "an ant": "An ant has six legs.",
    "an insect": "An insect has six legs.", "a horse": "A horse has four legs.", "a snake": "A snake has no legs.",
    "a fish": "A fish has no legs.", "a cow": "A cow has four legs.", "a bee": "A bee has six legs.",
    "an octopus": "An octopus has eight arms.", "a chicken": "A chicken has two legs.",
    "a table": "A table usually has four legs.", "a crab": "A crab has ten legs.",
}

WORDS = {
    "French": {"hello": "bonjour", "goodbye": "au revoir", "thank you": "merci", "yes": "oui", "no": "non",
               "please": "s'il vous plait"},
    "Spanish": {"hello": "hola", "goodbye": "adios", "thank you": "gracias", "yes": "si", "no": "no",
                "please": "por favor"},
    "German": {"hello": "hallo", "goodbye": "auf Wiedersehen", "thank you": "danke", "yes": "ja", "no": "nein",
               "please": "bitte"},
    "Italian": {"hello": "ciao", "goodbye": "arrivederci", "thank you": "grazie", "yes": "si", "no": "no",
                "please": "per favore"},
    "Portuguese": {"hello": "ola", "goodbye": "adeus", "thank you": "obrigado", "yes": "sim", "no": "nao",
                   "please": "por favor"},
}

# Questions with one answer; (a|b) as in topics.txt.
SINGLE = [
    ("How many days (are|are there) in a week?|How many days (does|has) a week (have|)?|How long is a week?",
     "A week has seven days."),
    ("How many days (are|are there) in a year?|How many days does a year have?|How long is a year?",
     "A year has 365 days, and a leap year has 366."),
    ("How many months (are|are there) in a year?|How many months does a year have?", "A year has twelve months."),
    ("How many hours (are|are there) in a day?|How many hours does a day have?|How long is a day?", "A day has 24 hours."),
    ("How many minutes (are|are there) in an hour?|How many minutes does an hour have?|How long is an hour?",
     "An hour has 60 minutes."),
    ("How many seconds (are|are there) in a minute?|How many seconds does a minute have?|How long is a minute?",
     "A minute has 60 seconds."),
    ("How many weeks (are|are there) in a year?|How many weeks does a year have?", "A year has 52 weeks and a day."),
    ("(What are|Name|List|Tell me|Say|Which are|Can you name|Do you know) the (days of the week|weekdays|seven days|days)?",
     "The days of the week are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."),
    ("(What are|Name|List|Tell me|Say|Which are|Can you name|Do you know) the (months|months of the year|twelve months)?",
     "The months are January, February, March, April, May, June, July, August, September, October, November and December."),
    ("(What are|Name|List|Tell me|Say|Which are|Can you name|Do you know) the (four |)seasons?|How many seasons are there?",
     "The four seasons are spring, summer, autumn and winter."),
    ("(What are|Name|List|Tell me|Which are) the (primary colours|primary colors)?",
     "The primary colours are red, yellow and blue."),
    ("(What are|Name|List|Tell me|Which are) the (colours|colors) of (the|a) rainbow?",
     "The colours of the rainbow are red, orange, yellow, green, blue, indigo and violet."),
    ("(What are|Name|List|Tell me|Which are) the planets?|How many planets are there?",
     "The eight planets are Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus and Neptune."),
    ("(What|Which) is the (biggest|largest) planet?", "The largest planet is Jupiter."),
    ("(What|Which) is the smallest planet?", "The smallest planet is Mercury."),
    ("(What|Which) planet is (closest|nearest) to the sun?", "Mercury is the planet closest to the sun."),
    ("(What|Which) planet do we live on?|What is our planet called?", "We live on Earth."),
    ("(What are|Name|List|Tell me|Which are) the continents?|How many continents are there?",
     "The seven continents are Africa, Antarctica, Asia, Australia, Europe, North America and South America."),
    ("(What|Which) is the (biggest|largest) continent?", "The largest continent is Asia."),
    ("(What|Which) is the (biggest|largest) ocean?", "The largest ocean is the Pacific."),
    ("(What|Which) is the (biggest|largest) animal (in the world|)?", "The largest animal is the blue whale."),
    ("(What|Which) is the fastest animal (on land|in the world|)?", "The fastest animal on land is the cheetah."),
    ("(What|Which) is the tallest animal (in the world|)?", "The tallest animal is the giraffe."),
    ("(What|Which) is the (highest|tallest) mountain (in the world|on Earth|)?", "The highest mountain is Mount Everest."),
    ("How many letters (are|are there) in the alphabet?|How many letters does the alphabet have?",
     "The English alphabet has 26 letters."),
    ("How many (legs|sides|corners) does a triangle have?|What is a triangle?", "A triangle has three sides and three corners."),
    ("How many (sides|corners) does a square have?|What is a square?", "A square has four equal sides and four corners."),
    ("What is (water|water made of|H2O)?|What is the formula (of|for) water?", "Water is hydrogen and oxygen, H2O for short."),
    ("What is ice?|What does water become when it freezes?", "Ice is frozen water."),
    ("(When|At what temperature|At which temperature) does water (boil|start to boil)?|What is the boiling point of water?",
     "Water boils at 100 degrees Celsius."),
    ("(When|At what temperature|At which temperature) does water freeze?|What is the freezing point of water?",
     "Water freezes at 0 degrees Celsius."),
    ("How many bits (are|are there) in a byte?|What is a byte?|How many bits does a byte have?", "A byte has eight bits."),
    ("What is a bit?", "A bit is the smallest piece of information, a zero or a one."),
    ("What is (a computer|the computer)?", "A computer is a machine that follows instructions very fast."),
    ("What is the internet?", "The internet is a network that connects computers all over the world."),
    ("What is a router?", "A router passes packets from one network to another, for example from your home to the internet."),
    ("What is (encryption|to encrypt)?|What does encryption mean?",
     "Encryption turns a text into bytes that only someone with the right key can read."),
    ("What is (a packet|a datagram)?", "A packet is a small piece of data that travels through a network."),
    ("What is UDP?|What does UDP mean?", "UDP is a simple way to send packets over the internet, fast but without a guarantee."),
    ("What is TCP?|What does TCP mean?", "TCP is a way to send a reliable stream of bytes over the internet."),
    ("What is an IP address?", "An IP address is a number that says where a machine is on the internet."),
    ("What is (a server|a web server)?", "A server is a computer that answers the requests of others."),
    ("What is Java?", "Java is a programming language. Keyhole is written in it."),
    ("What is Python?", "Python is a programming language. The scripts that trained me are written in it."),
    ("What is (a CPU|a processor)?", "A CPU is the part of a computer that does the work. I run on one."),
    ("What is a GPU?", "A GPU is a chip that computes many things at once. Bigger models like it, I do not need one."),
    ("What is (pi|the value of pi)?|How much is pi?", "Pi is about 3.14."),
    ("What is a dozen?|How many is a dozen?|How much is a dozen?", "A dozen is twelve."),
    ("What is a prime number?", "A prime number can be divided only by one and by itself, such as 2, 3, 5 and 7."),
    ("(Who wrote|Who is the author of) (Romeo and Juliet|Hamlet)?|Who was Shakespeare?",
     "William Shakespeare wrote Hamlet and Romeo and Juliet."),
    ("What do cows (drink|eat)?|What does a cow (eat|drink)?", "Cows eat grass and drink water."),
    ("What do bees make?|Where does honey come from?", "Bees make honey."),
    ("(Why is the sky blue|Why does the sky look blue)?",
     "The air scatters blue light more than red light, so the sky looks blue."),
    ("Why is (the grass|grass) green?", "Grass is green because of chlorophyll, which catches the light of the sun."),
    ("What is the sun?|Is the sun a star?", "The sun is a star, the one closest to us."),
    ("What is the moon?", "The moon is a ball of rock that goes around the Earth."),
    ("(What|Which) (is|comes) (after|next after) (spring)?", "After spring comes summer."),
    ("(What|Which) season comes after summer?|What comes after summer?", "After summer comes autumn."),
    ("(What|Which) season comes after autumn?|What comes after autumn?", "After autumn comes winter."),
    ("(What|Which) season comes after winter?|What comes after winter?", "After winter comes spring."),
]

JOKES = [
    "Why did the packet cross the router? To get to the other side.",
    "I would tell you a joke about UDP, but you might not get it.",
    "Why do programmers mix up Halloween and Christmas? Because Oct 31 equals Dec 25.",
    "There are 10 kinds of people: those who understand binary, and those who do not.",
    "Why was the computer cold? It left its Windows open.",
    "What is a computer's favourite snack? Microchips.",
    "Why did the key go to school? It wanted to be a little sharper.",
    "How many programmers does it take to change a light bulb? None, that is a hardware problem.",
    "What do you call a fish with no eyes? A fsh.",
    "Why was six afraid of seven? Because seven eight nine.",
]

FUN_FACTS = [
    "Honey can keep for thousands of years without going bad.",
    "An octopus has three hearts.",
    "A day on Venus is longer than a year on Venus.",
    "Bananas are berries, but strawberries are not.",
    "A public key of 32 bytes can name more machines than there are grains of sand on Earth.",
    "A group of flamingos is called a flamboyance.",
]

NUMBER_WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty""".split()

MAX_OPERAND = 20  # of +, - and /
MAX_FACTOR = 10  # of x

SPELLED = {"+": ["plus", "plus", "and", "added to"], "-": ["minus", "minus", "less", "take away"],
           "x": ["times", "times", "multiplied by"], "/": ["divided by", "divided by", "over"]}
SIGNS = {"+": ["+"], "-": ["-", "-", "-", "\u2212"], "x": ["*", "*", "x", "x", "\u00d7", "X"], "/": ["/", "/", "\u00f7", ":"]}
ASK_SUM = """What is E?|What is E?|What is E?|What's E?|How much is E?|E|E|E =|E = ?|E=|E?|Calculate E.|Compute E.|
What does E make?|Can you calculate E?|Can you tell me what E is?|Tell me E.|What do you get for E?|Solve E.|
Please compute E.|Do you know what E is?|Do you know E?|I need E.|What is the result of E?|What is the answer to E?|
And E?|And what is E?|Now E.|What about E?|How about E?|Quick, what is E?|Work out E.|Add up E for me.|Is E hard?|
Evaluate E.|What does E equal?|Give me the result of E.|Sum: E|Do the sum E."""
ASK_SUM = ASK_SUM.replace("\n", "").split("|")
ASK_IN_WORDS = {
    "+": ["Add A and B.", "What is the sum of A and B?", "Add B to A.", "Can you add A and B?", "The sum of A and B?",
          "If I have A apples and get B more, how many apples do I have?", "How much is A and B together?",
          "A apples plus B apples?", "I have A coins and find B. How many coins do I have?", "Sum of A and B"],
    "-": ["Subtract B from A.", "Take B away from A.", "Can you subtract B from A?", "Take B from A.",
          "What is the difference between A and B?", "If I have A apples and eat B, how many are left?",
          "I have A coins and lose B. How many coins are left?", "What is left if I take B from A?"],
    "x": ["Multiply A by B.", "What is the product of A and B?", "Multiply A and B.", "Can you multiply A by B?",
          "How much is A multiplied with B?", "Product of A and B"],
    "/": ["Divide A by B.", "Can you divide A by B?", "Share A apples among B friends.", "Split A by B."],
}
TOO_BIG = [
    "That is too big for me, sorry. I can add and subtract numbers up to 20, and multiply numbers up to 10.",
    "Sorry, I only learnt sums with small numbers: up to 20 for + and -, and up to 10 for times.",
]
BY_ZERO = "Nobody can divide by zero, not even a big model."
OTHER_MATHS = """What is the square root of N?|What is N squared?|What is N percent of M?|Solve x + N = M.|What is N to the power of M?|
What is the derivative of x^N?|Is N a prime number?|What is the factorial of N?|What is N.M + M.N?|What is sin(N)?|
What is the logarithm of N?|What is N modulo M?|What is N + M + K?|What is N * M - K?|Integrate N x.|sqrt(N)|N^M|N!|
What is (N + M) * K?|Convert N miles to kilometres.|How much is N dollars in euros?|What is N/M of K?"""
OTHER_MATHS = OTHER_MATHS.replace("\n", "").split("|")
OTHER_MATHS_ANSWER = "I cannot do that kind of maths. I only add, subtract, multiply and divide two small numbers."


def fact(rng):
    kind = rng.choices(
        [capital, single, colour, opposite, day, month, sound, legs, translation, unknown_capital],
        [30, 24, 10, 18, 6, 8, 5, 5, 7, 6])[0]
    return kind(rng)


def capital(rng):
    country = rng.choice(list(CAPITALS))
    city = CAPITALS[country]
    bare = country.removeprefix("the ")
    if rng.random() < 0.12:
        question = expand(rng, rng.choice([f"(Which|What) country is {city} (in|the capital of)?", f"Where is {city}?",
                                           f"{city} is the capital of (which|what) country?"]))
        country = next(c for c, known in CAPITALS.items() if known == city)
        return question, sentence(f"{city} is the capital of {country}.")
    question = expand(rng, ask_capital(rng, country if rng.random() < 0.85 else bare))
    return question, sentence(f"The capital of {country} is {city}.")


def ask_capital(rng, country):
    return rng.choice([
        f"What is the capital of {country}?", f"What is the capital of {country}?", f"What's the capital of {country}?",
        f"(Tell me|Name|Do you know|Can you tell me|Give me|I need) the capital (city |)of {country}.",
        f"(Which|What) city is the capital of {country}?", f"What is the capital city of {country}?",
        f"(And|What about|How about|And what about) {country}?" if rng.random() < 0.3 else f"Capital of {country}?",
        f"What is {country}'s capital?", f"The capital of {country}?", f"What is the name of the capital of {country}?",
        f"Do you know what the capital of {country} is?"])


def unknown_capital(rng):
    place = rng.choice(UNKNOWN_PLACES) if rng.random() < 0.7 else invented_word(rng).capitalize()
    return expand(rng, ask_capital(rng, place)), rng.choice(UNKNOWN_CAPITAL)


def invented_word(rng):
    return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(2, 3))) \
        + rng.choice(["", "", "n", "s", "r", "nia", "land", "stan"])


def single(rng):
    ask, answer = rng.choice(SINGLE)
    return expand(rng, f"({ask})"), answer


def colour(rng):
    thing = rng.choice(list(COLOURS))
    ask = rng.choice([f"What colou?r is {thing}?", f"What colou?r is {thing}?", f"What is the colou?r of {thing}?",
                      f"(Tell me|Do you know) the colou?r of {thing}.", f"Which colou?r (is|has) {thing}?",
                      f"What's the colou?r of {thing}?", f"What colou?r does {thing} have?"])
    return expand(rng, ask), COLOURS[thing]


def opposite(rng):
    pair = list(rng.choice(OPPOSITES))
    rng.shuffle(pair)
    word = pair[0]
    other = next(p[1 - p.index(word)] for p in OPPOSITES if word in p)
    ask = rng.choice([f"What is the opposite of {word}?", f"What is the opposite of {word}?", f"Opposite of {word}?",
                      f"What's the opposite of {word}?", f"(Tell me|Say|Do you know) the opposite of {word}.",
                      f"What is the contrary of {word}?", f"What is the antonym of {word}?", f'What is the opposite of "{word}"?'])
    return expand(rng, ask), sentence(f"The opposite of {word} is {other}.")


def day(rng):
    return neighbour(rng, DAYS, "day")


def month(rng):
    if rng.random() < 0.35:
        i = rng.randrange(12)
        name = MONTHS[i]
        ask = rng.choice([f"How many days (are in|does|are there in|has) {name} (have|)?", f"How long is {name}?"])
        days = "28 days, and 29 in a leap year" if i == 1 else f"{MONTH_DAYS[i]} days"
        return expand(rng, ask), f"{name} has {days}."
    if rng.random() < 0.2:
        ask, i = rng.choice([("first", 0), ("last", 11), ("second", 1), ("third", 2)])
        return f"What is the {ask} month of the year?", f"The {ask} month of the year is {MONTHS[i]}."
    return neighbour(rng, MONTHS, "month")


def neighbour(rng, names, kind):
    i = rng.randrange(len(names))
    name = names[i]
    if rng.random() < 0.6:
        ask = rng.choice([f"(What|Which) {kind} (comes|is) (after|next after|right after) {name}?",
                          f"What comes after {name}?", f"What {kind} follows {name}?"])
        return expand(rng, ask), f"After {name} comes {names[(i + 1) % len(names)]}."
    ask = rng.choice([f"(What|Which) {kind} (comes|is) (before|right before) {name}?", f"What comes before {name}?"])
    return expand(rng, ask), f"Before {name} comes {names[i - 1]}."


def sound(rng):
    animal = rng.choice(list(SOUNDS))
    ask = rng.choice([f"What does {animal} say?", f"What sound does {animal} make?", f"(How does|What noise does) {animal} (sound|make)?"])
    if ask.startswith("(How"):
        ask = rng.choice([f"How does {animal} sound?", f"What noise does {animal} make?"])
    return ask, SOUNDS[animal]


def legs(rng):
    animal = rng.choice(list(LEGS))
    return expand(rng, f"(How many legs does {animal} have?|How many legs has {animal}?|How many legs has {animal} got?)"), LEGS[animal]


def translation(rng):
    language = rng.choice(list(WORDS))
    word = rng.choice(list(WORDS[language]))
    ask = rng.choice([f"How do you say {word} in {language}?", f"How do I say {word} in {language}?", f"What is {word} in {language}?",
                      f'What is the {language} word for "{word}"?', f"Translate {word} (to|into) {language}.",
                      f'How do you say "{word}" in {language}?', f"What is {language} for {word}?",
                      f"(Say|Can you say) {word} in {language}."])
    return expand(rng, ask), f'In {language}, "{word}" is "{WORDS[language][word]}".'


def sum_(rng):
    """A small sum and its answer, or, now and then, one that is too hard."""
    kind = rng.random()
    if kind < 0.04:
        return too_big(rng)
    if kind < 0.08:
        ask = rng.choice(OTHER_MATHS)
        for name in "NMK":
            while name in ask:
                ask = ask.replace(name, str(rng.randint(2, 99)), 1)
        return ask, OTHER_MATHS_ANSWER
    if kind < 0.11:
        return simple_multiple(rng)
    sign, a, b = random_sum(rng)
    return ask_sum(rng, sign, a, b), answer_sum(sign, a, b)


def random_sum(rng):
    sign = rng.choices("+-x/", [36, 30, 22, 12])[0]
    if sign == "x":
        return sign, rng.randint(0, MAX_FACTOR), rng.randint(0, MAX_FACTOR)
    if sign == "/":
        if rng.random() < 0.04:
            return sign, rng.randint(1, MAX_OPERAND), 0
        a = rng.randint(1, MAX_OPERAND)
        exact = [b for b in range(1, 11) if a % b == 0]
        return sign, a, rng.choice(exact) if rng.random() < 0.6 else rng.randint(1, 10)
    a, b = rng.randint(0, MAX_OPERAND), rng.randint(0, MAX_OPERAND)
    if sign == "-" and b > a and rng.random() < 0.6:
        a, b = b, a
    return sign, a, b


def answer_sum(sign, a, b):
    """The one form of an answer: the sum in digits, then the result."""
    if sign == "/":
        if b == 0:
            return BY_ZERO
        if a % b:
            return f"{a} / {b} does not come out even."
        return f"{a} / {b} = {a // b}."
    result = {"+": a + b, "-": a - b, "x": a * b}[sign]
    return f"{a} {sign} {b} = {result}."


def ask_sum(rng, sign, a, b):
    spell = rng.random() < 0.22
    left, right = (NUMBER_WORDS[a], NUMBER_WORDS[b]) if spell else (str(a), str(b))
    if rng.random() < 0.2:
        return sentence(fill(rng.choice(ASK_IN_WORDS[sign]), left, right))
    if spell or rng.random() < 0.25:
        expression = f"{left} {rng.choice(SPELLED[sign])} {right}"
    else:
        space = rng.choice([" ", " ", ""])
        expression = f"{left}{space}{rng.choice(SIGNS[sign])}{space}{right}"
    ask = rng.choice([ask for ask in ASK_SUM if sign == "+" or not ask.startswith("Add")])
    return sentence(re.sub(r"\bE\b", expression, ask))


def fill(template, left, right):
    """Puts the operands in the place of the words A and B."""
    return " ".join(fill_word(word, left, right) for word in template.split(" "))


def fill_word(word, left, right):
    bare = word.rstrip(".,?")
    if bare == "A":
        return left + word[1:]
    if bare == "B":
        return right + word[1:]
    return word


def too_big(rng):
    sign = rng.choice("+-x/")
    limit = MAX_FACTOR if sign == "x" else MAX_OPERAND
    big = rng.choice([rng.randint(limit + 1, 30), rng.randint(31, 99), rng.randint(100, 999), rng.randint(1000, 99999)])
    other = rng.choice([rng.randint(1, limit), rng.randint(1, limit), rng.randint(21, 99), rng.randint(100, 9999)])
    a, b = (big, other) if sign == "/" or rng.random() < 0.5 else (other, big)
    space = rng.choice([" ", " ", ""])
    sign_as_typed = f"{space}{rng.choice(SIGNS[sign])}{space}" if rng.random() < 0.8 else f" {rng.choice(SPELLED[sign])} "
    return re.sub(r"\bE\b", f"{a}{sign_as_typed}{b}", rng.choice(ASK_SUM)), rng.choice(TOO_BIG)


def simple_multiple(rng):
    n = rng.randint(1, 10)
    kind = rng.randrange(3)
    if kind == 0:
        return rng.choice([f"What is double {n}?", f"Double {n}.", f"What is twice {n}?", f"What is two times {n}?"]), f"2 x {n} = {2 * n}."
    if kind == 1:
        return rng.choice([f"What is half of {2 * n}?", f"Half of {2 * n}?", f"How much is half of {2 * n}?"]), f"{2 * n} / 2 = {n}."
    return rng.choice([f"What comes after {n}?", f"Which number comes after {n}?",
                       f"What number comes after {n}?"]), f"After {n} comes {n + 1}."


def sentence(text):
    """Upper-cases the first letter only."""
    return text[0].upper() + text[1:]
