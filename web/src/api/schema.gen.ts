// Made by scripts/types.mjs from the shop's /openapi.json; a test compares. Not to be edited.
export interface paths {
    "/api/auth/signup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make an account */
        post: operations["signUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a session
         * @description Ten wrong passwords for one account are answered 429 for a while.
         */
        post: operations["logIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a session
         * @description A refresh token is good for one use; one that is used again, by whoever stole it, ends the session.
         */
        post: operations["refreshSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End this session */
        post: operations["logOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your account */
        get: operations["getMe"];
        put?: never;
        post?: never;
        /**
         * End your account
         * @description Orders not yet paid are canceled; of the others stays what the books need. The last admin stays.
         */
        delete: operations["endMe"];
        options?: never;
        head?: never;
        /** Change what is named */
        patch: operations["changeMe"];
        trace?: never;
    };
    "/api/users/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change your password; your other sessions end */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Accounts, newest first */
        get: operations["listUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: components["parameters"]["userId"];
            };
            cookie?: never;
        };
        /** An account */
        get: operations["getUser"];
        put?: never;
        post?: never;
        /**
         * End an account
         * @description The last admin stays.
         */
        delete: operations["endUser"];
        options?: never;
        head?: never;
        /** Change what is named */
        patch: operations["changeUser"];
        trace?: never;
    };
    "/api/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Products on sale or paused */
        get: operations["listProducts"];
        put?: never;
        /** Put a product on sale */
        post: operations["registerProduct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/normal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Products of type NORMAL */
        get: operations["listNormalProducts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/reserved": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Products of type RESERVED */
        get: operations["listReservedProducts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{productId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        /** A product with its live stock */
        get: operations["getProduct"];
        /**
         * Replace a product
         * @description A total below what is held or sold is refused with ILLEGAL_STATE and `committed`.
         */
        put: operations["replaceProduct"];
        post?: never;
        /** Take a product off the shelf for good */
        delete: operations["archiveProduct"];
        options?: never;
        head?: never;
        /** Change what is named; null clears */
        patch: operations["changeProduct"];
        trace?: never;
    };
    "/api/products/{productId}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pause the sale */
        post: operations["pauseSale"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{productId}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with the sale */
        post: operations["resumeSale"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{productId}/stock": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        /** Its stock now */
        get: operations["getStock"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{productId}/stock/adjust": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** More units, or fewer */
        post: operations["adjustStock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{productId}/stock/history": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        /** Every change of the total, newest first */
        get: operations["getStockHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/products.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All products for a spreadsheet */
        get: operations["exportProducts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/products/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Products and stock from a spreadsheet
         * @description The columns are those of the export; a stock of +5 or -5 is added to the one there is. At most 500 lines, all of them or none.
         */
        post: operations["importProducts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wishlist": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your wishes, newest first */
        get: operations["listWishes"];
        put?: never;
        /** Wish for a product */
        post: operations["addWish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wishlist/{productId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        /** A wish */
        get: operations["getWish"];
        /** Change the note of a wish */
        put: operations["noteWish"];
        post?: never;
        /** Wish no more */
        delete: operations["removeWish"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your orders, newest first; an admin's list has everybody's */
        get: operations["listOrders"];
        put?: never;
        /** Buy: all lines or nothing */
        post: operations["placeOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        /** An order of yours; an admin sees any */
        get: operations["getOrder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderId}/history": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        /** Who moved it, when and why */
        get: operations["getOrderHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderId}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give the units back; what was paid is refunded */
        post: operations["cancelOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/items/{orderItemId}/return": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderItemId: components["parameters"]["orderItemId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a delivered item back, or a part of it */
        post: operations["returnItem"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/items/{orderItemId}/complete-return": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderItemId: components["parameters"]["orderItemId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** It has come back: its money goes back */
        post: operations["completeReturn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/orders.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Orders for a spreadsheet, a line for each item */
        get: operations["exportOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{productId}/stock/stream": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        /** Its stock, live */
        get: operations["streamStock"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderId}/enter-payment": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin to pay */
        post: operations["enterPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderId}/attempt-payment": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pay; a PENDING order enters payment by itself
         * @description Payments are simulated. A shop may name amounts for tests: an order of one of `payment.decline_amounts` is always answered PAYMENT_FAILED; one of `payment.timeout_amounts` is charged, but the answer is lost: OUTCOME_UNKNOWN, and within seconds the order is PAID by itself. Every other order is paid with the chance of `payment.success_rate`.
         */
        post: operations["attemptPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{orderId}/payments": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        /** Attempts and refunds of an order */
        get: operations["listPayments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/attention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What does not go by itself */
        get: operations["getAttention"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process lives */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The shop serves */
        get: operations["readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was counted, for Prometheus
         * @description For admins, and for who shows server.operator_token.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The books, recounted now
         * @description Reads every row of the shop: seconds for a million orders. Selling goes on meanwhile.
         */
        get: operations["auditBooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/rehearsals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last rehearsal */
        get: operations["getRehearsal"];
        put?: never;
        /**
         * Rehearse a sale on this machine
         * @description A crowd storms a shop of its own that is thrown away afterwards; nothing of this shop is touched. One at a time. Absent where servers have roles.
         */
        post: operations["beginRehearsal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["openApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document to read and try */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/page.js": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The script of that page */
        get: operations["docsScript"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            /**
             * Format: uri-reference
             * @description /problems/ and the code in small letters.
             */
            type: string;
            /** @description In English, or in Korean with Accept-Language: ko. */
            title: string;
            status: number;
            /** @description What happened and what to do now. */
            detail: string;
            /** @description Stable. */
            code: string;
            /** @description Leads to the log; X-Request-Id of the request when it sent one. */
            requestId?: string;
            /** @description With INVALID: every wrong field. */
            errors?: {
                /** @description As the client wrote it: orderItems[0].quantity */
                field: string;
                detail: string;
            }[];
            /** Format: int64 */
            productId?: number;
            /** Format: int64 */
            orderId?: number;
            /**
             * Format: int64
             * @description With SOLD_OUT.
             */
            available?: number;
            /** Format: int64 */
            limit?: number;
            /** Format: int64 */
            held?: number;
            /** Format: int64 */
            committed?: number;
            /** Format: date-time */
            opensAt?: string;
            /** Format: date-time */
            closesAt?: string;
            state?: string;
            wantedState?: string;
            /** Format: int64 */
            holdRemainingSeconds?: number;
            /** Format: date-time */
            holdExpiresAt?: string;
            /** @description With METHOD_NOT_ALLOWED. */
            allow?: string;
            /** @description With PRECONDITION_FAILED: the ETag it has now. */
            etag?: string;
            /** Format: int64 */
            orderItemId?: number;
        };
        User: {
            /** Format: int64 */
            userId: number;
            userName: string;
            userEmail: string;
            userPhoneNumber: string;
            address: string;
            /** @enum {unknown} */
            role: "USER" | "ADMIN";
            /** Format: date-time */
            createdAt: string;
        };
        UserPage: {
            items: components["schemas"]["User"][];
            /** @description ask for the next page with ?cursor= */
            nextCursor?: string;
        };
        SignUp: {
            userName: string;
            /**
             * Format: email
             * @description as RFC 5322 writes it without quotes; at most 64 characters before the @
             */
            userEmail: string;
            userPassword: string;
            /** @description Korean, or international with a leading +; digits in groups parted by spaces or hyphens */
            userPhoneNumber: string;
            address: string;
        };
        Credentials: {
            userEmail: string;
            userPassword: string;
        };
        Tokens: {
            /** @description for the header Authorization: Bearer */
            accessToken: string;
            refreshToken: string;
            /** @constant */
            tokenType: "Bearer";
            /**
             * Format: int64
             * @description seconds, of the access token
             */
            expiresIn: number;
        };
        ProductDraft: {
            productName: string;
            /** @description Lines end in LF; CR LF is taken for it. */
            productDescription: string;
            /**
             * Format: int64
             * @description of one unit, in the smallest unit of the currency
             */
            productPrice: number;
            /**
             * Format: int64
             * @description units for sale, those sold included
             */
            productStock: number;
            /**
             * @description RESERVED needs opensAt and is sold from then
             * @enum {unknown}
             */
            productType: "NORMAL" | "RESERVED";
            /**
             * Format: date-time
             * @description from 1970 on
             */
            opensAt?: string | null;
            /** Format: date-time */
            closesAt?: string | null;
            perUserLimit?: number | null;
            imageUrl?: string | null;
        };
        Product: {
            /** Format: int64 */
            productId: number;
            productName: string;
            productDescription: string;
            /** Format: int64 */
            productPrice: number;
            /** Format: int64 */
            productStock: number;
            /** @enum {unknown} */
            productType: "NORMAL" | "RESERVED";
            /** @enum {unknown} */
            state: "ACTIVE" | "PAUSED" | "ARCHIVED";
            /** Format: date-time */
            opensAt?: string;
            /** Format: date-time */
            closesAt?: string;
            /** Format: int64 */
            perUserLimit?: number;
            imageUrl?: string;
            /** Format: date-time */
            createdAt: string;
            stock: components["schemas"]["StockLevels"];
        };
        ProductPage: {
            items: components["schemas"]["Product"][];
            /** @description ask for the next page with ?cursor= */
            nextCursor?: string;
        };
        StockLevels: {
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            available: number;
            /**
             * Format: int64
             * @description in orders not yet paid
             */
            held: number;
            /**
             * Format: int64
             * @description paid for
             */
            sold: number;
            soldOut: boolean;
        };
        Stock: {
            /** Format: int64 */
            productId: number;
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            available: number;
            /**
             * Format: int64
             * @description in orders not yet paid
             */
            held: number;
            /**
             * Format: int64
             * @description paid for
             */
            sold: number;
            soldOut: boolean;
        };
        StockHistory: {
            items: {
                /** Format: date-time */
                at: string;
                /** Format: int64 */
                oldTotal: number;
                /** Format: int64 */
                newTotal: number;
                /**
                 * Format: int64
                 * @description a user's id; 0: the shop itself
                 */
                actor: number;
                reason: string;
            }[];
            /** @description ask for the next page with ?cursor= */
            nextCursor?: string;
        };
        Wish: {
            /** Format: int64 */
            productId: number;
            note?: string;
            /** Format: date-time */
            addedAt: string;
            product: components["schemas"]["Product"];
        };
        WishPage: {
            items: components["schemas"]["Wish"][];
            /** @description ask for the next page with ?cursor= */
            nextCursor?: string;
        };
        Import: {
            /** Format: int64 */
            created: number;
            /** Format: int64 */
            changed: number;
            /** Format: int64 */
            kept: number;
            /** Format: int64 */
            refused: number;
            /** Format: int64 */
            pending: number;
            lines: {
                /** Format: int64 */
                line: number;
                /** Format: int64 */
                productId: number;
                /** @enum {unknown} */
                result: "CREATED" | "CHANGED" | "KEPT" | "REFUSED" | "PENDING";
            }[];
        };
        PlaceOrder: {
            /** @description the caller, if sent at all; where the shop trusts its callers, the buyer */
            userId?: number | null;
            orderItems: {
                /** Format: int64 */
                productId: number;
                /** Format: int64 */
                quantity: number;
            }[];
        };
        Order: {
            /** Format: int64 */
            orderId: number;
            /** Format: int64 */
            userId: number;
            /** Format: date-time */
            orderDate: string;
            /** Format: int64 */
            orderAmount: number;
            /** @enum {unknown} */
            orderStatus: "PENDING" | "PAYMENT_ENTERED" | "PAYMENT_FAILED" | "PAID" | "SHIPPED" | "DELIVERED" | "CANCELED" | "EXPIRED";
            /** Format: date-time */
            holdExpiresAt: string;
            /** Format: date-time */
            paidAt?: string;
            orderItems: components["schemas"]["OrderItem"][];
        };
        OrderItem: {
            /** Format: int64 */
            orderItemId: number;
            /** Format: int64 */
            productId: number;
            /** Format: int64 */
            quantity: number;
            /**
             * Format: int64
             * @description of one unit, as it was
             */
            price: number;
            /** @enum {unknown} */
            status: "ORDERED" | "SHIPPED" | "DELIVERED" | "CANCELED" | "RETURN_REQUESTED" | "RETURNED";
        };
        OrderPage: {
            items: components["schemas"]["Order"][];
            /** @description ask for the next page with ?cursor= */
            nextCursor?: string;
        };
        ReturnedItem: {
            /** Format: int64 */
            orderId: number;
            /** Format: int64 */
            orderItemId: number;
            /** Format: int64 */
            productId: number;
            /** Format: int64 */
            quantity: number;
            /**
             * Format: int64
             * @description of one unit, as it was
             */
            price: number;
            /** @enum {unknown} */
            status: "ORDERED" | "SHIPPED" | "DELIVERED" | "CANCELED" | "RETURN_REQUESTED" | "RETURNED";
        };
        OrderHistory: {
            items: {
                /** Format: date-time */
                at: string;
                /**
                 * Format: int64
                 * @description of a step of one item
                 */
                orderItemId?: number;
                from: string;
                to: string;
                /**
                 * Format: int64
                 * @description a user's id; 0: the shop itself
                 */
                actor: number;
                reason: string;
            }[];
        };
        PaymentTicket: {
            /** Format: int64 */
            orderId: number;
            /** @constant */
            orderStatus: "PAYMENT_ENTERED";
            /** Format: int64 */
            orderAmount: number;
            /** Format: date-time */
            holdExpiresAt: string;
        };
        Receipt: {
            /** Format: int64 */
            orderId: number;
            /** @constant */
            orderStatus: "PAID";
            /** Format: int64 */
            attemptId: number;
            /** Format: int64 */
            orderAmount: number;
        };
        Attempt: {
            /** Format: int64 */
            attemptId: number;
            /** Format: int64 */
            orderId: number;
            /** Format: int64 */
            attemptNumber: number;
            /** Format: int64 */
            amount: number;
            /** @enum {string} */
            state: "REQUESTED" | "SUCCEEDED" | "FAILED" | "UNKNOWN";
            /** @enum {string} */
            settlement?: "PAID" | "FAILED" | "TOO_LATE";
            /** Format: date-time */
            requestedAt: string;
            /** Format: date-time */
            finishedAt?: string;
        };
        Refund: {
            /** Format: int64 */
            refundId: number;
            /** Format: int64 */
            orderId: number;
            /** Format: int64 */
            attemptId: number;
            /** Format: int64 */
            amount: number;
            /** @enum {string} */
            state: "REQUESTED" | "DONE" | "RETRY";
            /** Format: int64 */
            tries: number;
            /** Format: date-time */
            takenAt: string;
            /** Format: date-time */
            finishedAt?: string;
        };
        OrderPayments: {
            attempts: components["schemas"]["Attempt"][];
            refunds: components["schemas"]["Refund"][];
        };
        Attention: {
            unknownPayments: components["schemas"]["Attempt"][];
            chargedButNotPaid: components["schemas"]["Attempt"][];
            refundsToRetry: components["schemas"]["Refund"][];
        };
        Audit: {
            /** @description no fault */
            passed: boolean;
            /** Format: date-time */
            readAt: string;
            orders: number;
            products: components["schemas"]["AuditedProduct"][];
            findings: components["schemas"]["Finding"][];
        };
        AuditedProduct: {
            /** Format: int64 */
            productId: number;
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            free: number;
            /** Format: int64 */
            held: number;
            /** Format: int64 */
            sold: number;
            /** Format: int64 */
            canceled: number;
            /** Format: int64 */
            expired: number;
            /** Format: int64 */
            returned: number;
        };
        Finding: {
            /**
             * @description A note is under way, or put right by the shop itself.
             * @enum {unknown}
             */
            kind: "fault" | "note";
            check: string;
            /** @description How many rows it concerns. */
            count: number;
            detail: string;
        };
        Rehearsal: {
            /** @enum {unknown} */
            state: "NONE" | "RUNNING" | "DONE" | "FAILED";
            /** Format: int64 */
            buyers?: number;
            /** Format: int64 */
            stock?: number;
            /** @description What `buyme drop --json` writes. */
            verdict?: {
                passed: boolean;
                checks: {
                    name: string;
                    passed: boolean;
                    detail: string;
                }[];
                sellSeconds: number;
                answersPerSecond: number;
                counts: {
                    [key: string]: number;
                };
                place: {
                    [key: string]: unknown;
                };
                timeline: {
                    fromS: number;
                    toS: number;
                    ordered: number;
                    soldOut: number;
                }[];
            };
            /** @description With FAILED. */
            detail?: string;
        };
        Health: {
            /** @constant */
            status: "alive";
        };
        Readiness: {
            /** @constant */
            status: "ready";
        };
    };
    responses: never;
    parameters: {
        /**
         * @description Repeat a request under the same key and it is done once; the answer then carries Idempotent-Replayed: true. Empty: as if it were absent.
         * @example click-1
         */
        "Idempotency-Key": string;
        /** @description The ETag of what is edited: refused when somebody else has edited it since. */
        "If-Match": string;
        /** @description The ETag of what is edited: refused when somebody else has edited it since. */
        requiredIfMatch: string;
        /** @description The id of the last event that was seen. */
        "Last-Event-ID": string;
        /** @description How many at most. */
        limit: number;
        /** @description The nextCursor of the page before. */
        cursor: number;
        /** @description The nextCursor of the page before, of the same list. */
        opaqueCursor: string;
        /** @description Words of the name. */
        productName: string;
        minPrice: number;
        maxPrice: number;
        /** @description ARCHIVED is for admins. */
        productState: "ACTIVE" | "PAUSED" | "ARCHIVED";
        productSort: "newest" | "priceAscending" | "priceDescending" | "name";
        orderStatus: "PENDING" | "PAYMENT_ENTERED" | "PAYMENT_FAILED" | "PAID" | "SHIPPED" | "DELIVERED" | "CANCELED" | "EXPIRED";
        orderId: number;
        orderItemId: number;
        productId: number;
        userId: number;
    };
    requestBodies: never;
    headers: {
        /** @description Where the new thing is. */
        Location: string;
        /** @description Present when the request had been done before. */
        "Idempotent-Replayed": "true";
        /** @description Seconds to wait. */
        "Retry-After": number;
        /** @description Changing requests that the account may send at once. */
        "RateLimit-Limit": number;
        /** @description How many of them are left now. */
        "RateLimit-Remaining": number;
        /** @description Seconds until all are there again; when refused, until the next one is. */
        "RateLimit-Reset": number;
        /** @description For If-Match. */
        ETag: string;
        /** @description The rest, as rel=next (RFC 8288). */
        Link: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    signUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "userName": "Kim",
                 *       "userEmail": "kim@example.com",
                 *       "userPassword": "long enough",
                 *       "userPhoneNumber": "010-1234-5678",
                 *       "address": "Seoul"
                 *     }
                 */
                "application/json": components["schemas"]["SignUp"];
            };
        };
        responses: {
            /** @description The account */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "userEmail": "kim@example.com",
                 *       "userPassword": "long enough"
                 *     }
                 */
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Its tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
        };
    };
    refreshSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    refreshToken: string;
                };
            };
        };
        responses: {
            /** @description New tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
        };
    };
    logOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended: none of its tokens is good any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    endMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    userName?: string;
                    /**
                     * Format: email
                     * @description as RFC 5322 writes it without quotes; at most 64 characters before the @
                     */
                    userEmail?: string;
                    /** @description Korean, or international with a leading +; digits in groups parted by spaces or hyphens */
                    userPhoneNumber?: string;
                    address?: string;
                };
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    currentPassword: string;
                    newPassword: string;
                };
            };
        };
        responses: {
            /** @description It is changed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description a part of the name or of the e-mail address */
                query?: string;
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before. */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: components["parameters"]["userId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    endUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: components["parameters"]["userId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: components["parameters"]["userId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    userName?: string;
                    /**
                     * Format: email
                     * @description as RFC 5322 writes it without quotes; at most 64 characters before the @
                     */
                    userEmail?: string;
                    /** @description Korean, or international with a leading +; digits in groups parted by spaces or hyphens */
                    userPhoneNumber?: string;
                    address?: string;
                    /** @enum {unknown} */
                    role?: "USER" | "ADMIN";
                };
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    listProducts: {
        parameters: {
            query?: {
                type?: "NORMAL" | "RESERVED";
                /** @description Words of the name. */
                q?: components["parameters"]["productName"];
                minPrice?: components["parameters"]["minPrice"];
                maxPrice?: components["parameters"]["maxPrice"];
                /** @description ARCHIVED is for admins. */
                state?: components["parameters"]["productState"];
                sort?: components["parameters"]["productSort"];
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before, of the same list. */
                cursor?: components["parameters"]["opaqueCursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProductPage"];
                };
            };
        };
    };
    registerProduct: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Repeat a request under the same key and it is done once; the answer then carries Idempotent-Replayed: true. Empty: as if it were absent.
                 * @example click-1
                 */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "productName": "Sneaker",
                 *       "productDescription": "Limited run",
                 *       "productPrice": 129000,
                 *       "productStock": 700,
                 *       "productType": "NORMAL",
                 *       "perUserLimit": 1
                 *     }
                 */
                "application/json": components["schemas"]["ProductDraft"];
            };
        };
        responses: {
            /** @description The product */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
        };
    };
    listNormalProducts: {
        parameters: {
            query?: {
                /** @description Words of the name. */
                q?: components["parameters"]["productName"];
                minPrice?: components["parameters"]["minPrice"];
                maxPrice?: components["parameters"]["maxPrice"];
                /** @description ARCHIVED is for admins. */
                state?: components["parameters"]["productState"];
                sort?: components["parameters"]["productSort"];
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before, of the same list. */
                cursor?: components["parameters"]["opaqueCursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProductPage"];
                };
            };
        };
    };
    listReservedProducts: {
        parameters: {
            query?: {
                /** @description Words of the name. */
                q?: components["parameters"]["productName"];
                minPrice?: components["parameters"]["minPrice"];
                maxPrice?: components["parameters"]["maxPrice"];
                /** @description ARCHIVED is for admins. */
                state?: components["parameters"]["productState"];
                sort?: components["parameters"]["productSort"];
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before, of the same list. */
                cursor?: components["parameters"]["opaqueCursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProductPage"];
                };
            };
        };
    };
    getProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The product */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
        };
    };
    replaceProduct: {
        parameters: {
            query?: never;
            header: {
                /** @description The ETag of what is edited: refused when somebody else has edited it since. */
                "If-Match": components["parameters"]["requiredIfMatch"];
            };
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "productName": "Sneaker",
                 *       "productDescription": "Limited run",
                 *       "productPrice": 129000,
                 *       "productStock": 700,
                 *       "productType": "NORMAL",
                 *       "perUserLimit": 1
                 *     }
                 */
                "application/json": components["schemas"]["ProductDraft"];
            };
        };
        responses: {
            /** @description The product */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
        };
    };
    archiveProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of what is edited: refused when somebody else has edited it since. */
                "If-Match"?: components["parameters"]["If-Match"];
            };
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The product, ARCHIVED */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
        };
    };
    changeProduct: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of what is edited: refused when somebody else has edited it since. */
                "If-Match"?: components["parameters"]["If-Match"];
            };
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    productName?: string;
                    /** @description Lines end in LF; CR LF is taken for it. */
                    productDescription?: string;
                    /**
                     * Format: int64
                     * @description of one unit, in the smallest unit of the currency
                     */
                    productPrice?: number;
                    /**
                     * Format: int64
                     * @description units for sale, those sold included
                     */
                    productStock?: number;
                    /**
                     * @description RESERVED needs opensAt and is sold from then
                     * @enum {unknown}
                     */
                    productType?: "NORMAL" | "RESERVED";
                    /**
                     * Format: date-time
                     * @description from 1970 on
                     */
                    opensAt?: string | null;
                    /** Format: date-time */
                    closesAt?: string | null;
                    perUserLimit?: number | null;
                    imageUrl?: string | null;
                };
            };
        };
        responses: {
            /** @description The product */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
        };
    };
    pauseSale: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The product, PAUSED */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
        };
    };
    resumeSale: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The product, ACTIVE */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
        };
    };
    getStock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description At least as new as any answer that this server has sent */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stock"];
                };
            };
        };
    };
    adjustStock: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Repeat a request under the same key and it is done once; the answer then carries Idempotent-Replayed: true. Empty: as if it were absent.
                 * @example click-1
                 */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "delta": 10,
                 *       "reason": "a second delivery"
                 *     }
                 */
                "application/json": {
                    /** Format: int64 */
                    delta: number;
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The stock */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stock"];
                };
            };
        };
    };
    getStockHistory: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before, of the same list. */
                cursor?: components["parameters"]["opaqueCursor"];
            };
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StockHistory"];
                };
            };
        };
    };
    exportProducts: {
        parameters: {
            query?: {
                /** @description The nextCursor of the page before, of the same list. */
                cursor?: components["parameters"]["opaqueCursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Continued by a Link when it is long */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv; charset=utf-8": string;
                };
            };
        };
    };
    importProducts: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Repeat a request under the same key and it is done once; the answer then carries Idempotent-Replayed: true. Empty: as if it were absent.
                 * @example click-1
                 */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "text/csv": string;
            };
        };
        responses: {
            /** @description What became of each line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            /** @description Some lines take effect by themselves in a moment */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
        };
    };
    listWishes: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before, of the same list. */
                cursor?: components["parameters"]["opaqueCursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WishPage"];
                };
            };
        };
    };
    addWish: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "productId": 1
                 *     }
                 */
                "application/json": {
                    /** Format: int64 */
                    productId: number;
                    note?: string | null;
                };
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wish"];
                };
            };
            /** @description The wish */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wish"];
                };
            };
        };
    };
    getWish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The wish */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wish"];
                };
            };
        };
    };
    noteWish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    note: string | null;
                };
            };
        };
        responses: {
            /** @description The wish */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wish"];
                };
            };
        };
    };
    removeWish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is not there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listOrders: {
        parameters: {
            query?: {
                status?: components["parameters"]["orderStatus"];
                /** @description of one buyer; another's for an admin */
                userId?: number;
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before. */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderPage"];
                };
            };
        };
    };
    placeOrder: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Repeat a request under the same key and it is done once; the answer then carries Idempotent-Replayed: true. Empty: as if it were absent.
                 * @example click-1
                 */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "orderItems": [
                 *         {
                 *           "productId": 1,
                 *           "quantity": 1
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["PlaceOrder"];
            };
        };
        responses: {
            /** @description The order, PENDING and on disk; its units are held until holdExpiresAt. A repeat answers with the order as it is now */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
        };
    };
    getOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
        };
    };
    getOrderHistory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderHistory"];
                };
            };
        };
    };
    cancelOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The order, CANCELED */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
        };
    };
    returnItem: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Repeat a request under the same key and it is done once; the answer then carries Idempotent-Replayed: true. Empty: as if it were absent.
                 * @example click-1
                 */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                orderItemId: components["parameters"]["orderItemId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "quantity": 1,
                 *       "reason": "too small"
                 *     }
                 */
                "application/json": {
                    /** Format: int64 */
                    quantity?: number;
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description The part, RETURN_REQUESTED */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReturnedItem"];
                };
            };
        };
    };
    completeReturn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderItemId: components["parameters"]["orderItemId"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "restock": true
                 *     }
                 */
                "application/json": {
                    /** @description its units are sold again */
                    restock?: boolean;
                };
            };
        };
        responses: {
            /** @description The item, RETURNED */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReturnedItem"];
                };
            };
        };
    };
    exportOrders: {
        parameters: {
            query?: {
                status?: components["parameters"]["orderStatus"];
                /** @description of one buyer; another's for an admin */
                userId?: number;
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
                /** @description The nextCursor of the page before. */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Continued by a Link when it is long */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv; charset=utf-8": string;
                };
            };
        };
    };
    streamStock: {
        parameters: {
            query?: never;
            header?: {
                /** @description The id of the last event that was seen. */
                "Last-Event-ID"?: components["parameters"]["Last-Event-ID"];
            };
            path: {
                productId: components["parameters"]["productId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: one at once, then one per change, at most ten a second, always the newest last; a comment every 15 seconds of silence. An event is `id: VERSION`, `event: stock`, and `data:` with a Stock. Who comes back with the newest version as Last-Event-ID is told of the next change only. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    enterPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is to be paid until when */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentTicket"];
                };
            };
        };
    };
    attemptPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description PAID */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
        };
    };
    listPayments: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                orderId: components["parameters"]["orderId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Both, oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderPayments"];
                };
            };
        };
    };
    getAttention: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attention"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "alive"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does: orders can be written, databases answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready"
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Text exposition format 0.0.4 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    auditBooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found, whether or not the books add up */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audit"];
                };
            };
        };
    };
    getRehearsal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it goes, or went */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rehearsal"];
                };
            };
        };
    };
    beginRehearsal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "buyers": 1000,
                 *       "stock": 70
                 *     }
                 */
                "application/json": {
                    /** Format: int64 */
                    buyers: number;
                    /** Format: int64 */
                    stock: number;
                };
            };
        };
        responses: {
            /** @description It has begun */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rehearsal"];
                };
            };
        };
    };
    openApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    docsScript: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JavaScript */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/javascript": string;
                };
            };
        };
    };
}
