"""What a crossing costs: the part of the ferry office that is written in Python."""

PER_METRE = {"van": 3, "bus": 4, "car": 2}


class Tariff:
    """Prices of one season.

    Args:
        season: its name.
        surcharge: what each crossing costs besides.
    """

    def __init__(self, season: str, surcharge: int) -> None:
        self.season = season
        self.surcharge = surcharge

    def total(self, cars, rebate):
        """The price of all cars; ``rebate`` is asked what to take off each."""
        price = 0
        for car in cars.values():
            full = PER_METRE[car["name"]] * car["length"] + self.surcharge
            price += full - rebate(car["name"], full)
        print(f"{len(cars)} cars, {self.season}")
        return price
