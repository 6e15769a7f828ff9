"""What people write in digits: numbers, dates, prices, phone numbers, times and sums."""

from collections.abc import Callable

from strokes import Random

Text = Callable[[Random], str]


def number(random: Random, least: int = 3, most: int = 9) -> str:
    """Any digits."""
    return "".join(map(str, random.integers(0, 10, random.integers(least, most + 1))))


def short(random: Random) -> str:
    """One to four digits."""
    return number(random, 1, 4)


def any_length(random: Random) -> str:
    """One to fourteen digits."""
    return number(random, 1, 14)


def round_number(random: Random) -> str:
    """Digits with runs such as 00 in them."""
    run = str(random.choice([0, 0, 0, 1, 2, 5])) * int(random.integers(2, 4))
    return number(random, 1, 3) + run + number(random, 0, 3)


def date(random: Random) -> str:
    """26/08/2024, 26.8.24 or 2024-08-26."""
    day, month, year = random.integers(1, 29), random.integers(1, 13), random.integers(1950, 2030)
    forms = (
        f"{day:02}/{month:02}/{year}", f"{day}/{month}/{year % 100:02}", f"{day}.{month}.{year % 100:02}",
        f"{day:02}.{month:02}.{year}", f"{year}-{month:02}-{day:02}", f"{day}-{month}-{year % 100:02}",
    )  # fmt: skip
    return str(random.choice(forms))


def price(random: Random) -> str:
    """12.50, 1,299.00 or 12,50."""
    value = round(float(random.choice([9, 99, 999, 9999])) * random.random() + 0.5, 2)
    text = f"{value:,.2f}" if random.random() < 0.7 else f"{value:.2f}".replace(".", ",")
    return text[:-2] + "00" if random.random() < 0.3 else text


def phone(random: Random) -> str:
    """+44 20 7946 0958, 555-0123 or (030) 901820."""
    a, b, c = (int(x) for x in random.integers((10, 100, 1000), (100, 1000, 10000)))
    forms = (f"+{a} {b % 90 + 10} {c} {c * 7 % 9000 + 1000}", f"{b}-{c}", f"({b}) {a}{c}", f"0{b} {c} {a}")
    return str(random.choice(forms))


def time(random: Random) -> str:
    """12:45, or from one time to another."""
    times = [f"{random.integers(0, 24)}:{random.integers(0, 60):02}" for _ in range(2)]
    return "-".join(times) if random.random() < 0.3 else times[0]


def sum_of_two(random: Random) -> str:
    """12+34=46, or a difference."""
    a, b = sorted(int(x) for x in random.integers(1, 500, 2))
    return f"{a}+{b}={a + b}" if random.random() < 0.6 else f"{b}-{a}={b - a}"


def anything(random: Random) -> str:
    """Any of these."""
    every = (number, round_number, date, price, phone, time, sum_of_two)
    return every[random.integers(len(every))](random)
