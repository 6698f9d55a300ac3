// Made by `npm run api` from the server's OpenAPI document.
export interface paths {
    "/api/admin/app-config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a client may know before it logs in. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The public settings */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AppConfig"];
                    };
                };
            };
        };
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
        /** Read the audit log, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Only this, such as `keys.export`, or all that begins so, such as `client_key.*`. */
                    action?: string;
                    /** @description Only what this user, and this user's tokens, did, or `token:` and a token's name. */
                    actor?: string;
                    /** @description The id after which the page begins, as the `Link` header of the page before names it. */
                    after?: number;
                    /** @description How many entries at the most: 1 to 1000, 1000 when absent. */
                    limit?: number;
                    /** @description From then on: RFC 3339, a day (`2026-11-01`, in UTC), or how long ago (`30m`, `24h`, `7d`). */
                    since?: string;
                    /** @description Only what was done to this, such as `service:12` or `user:jane`. */
                    subject?: string;
                    /** @description Until then, written alike. */
                    until?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page, with a `Link` to the next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AuditEntry"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/client-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the client keys, without their values. Those in `GLOBAL_PROXY_KEYS` are not among them. */
        get: {
            parameters: {
                query?: {
                    /** @description The id after which the page begins, as the `Link` header of the page before names it. */
                    after?: number;
                    /** @description How many entries at the most: 1 to 1000, 1000 when absent. */
                    limit?: number;
                    /** @description Whether it is told how the limits of each stand; no when absent. */
                    standing?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page, with `X-Total-Count` and a `Link` to the next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ClientKeyReport"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        /** Make a client key. Its value is shown this once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ClientKeyBody"];
                };
            };
            responses: {
                /** @description The key with its value */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewClientKey"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/client-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a client key and how its limits stand. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The key, without its value */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ClientKeyReport"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Delete a client key; it opens no door from now on. */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
                     *     is 412.
                     */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is at another version */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change what is named of a client key. */
        patch: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
                     *     is 412.
                     */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ClientKeyPatch"];
                };
            };
            responses: {
                /** @description The key, without its value */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ClientKey"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is at another version */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/admin/client-keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a client key another value, shown this once; the old one may open the doors for a while longer. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RotationBody"];
                };
            };
            responses: {
                /** @description The key with its new value */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewClientKey"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch services and keys: the first events tell how all services are and, for those that `service` names, how their keys are;
         *     later ones, at most one a second, what has changed. An event with an id tells the last of it: a client that names that id
         *     (`Last-Event-ID`) is told what has changed since, or everything anew (`is_snapshot`). The same happens to one that reads
         *     slowly. States are those that all nodes share; rates, errors and times of use are counted by the node that answers, from when
         *     somebody looks. Of more than 256 services those that are used are looked at each second, the others in turn. The answer ends
         *     after a quarter of an hour, to be asked for again.
         */
        get: {
            parameters: {
                query?: {
                    /** @description A service whose keys are told, by its id; at most 8 of them */
                    service?: number[];
                };
                header?: {
                    /** @description The id of the last event that had one */
                    "Last-Event-ID"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Updates from now on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": components["schemas"]["LiveUpdate"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such service */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a key. */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
                     *     is 412.
                     */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is at another version */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change what is named of a key. */
        patch: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
                     *     is 412.
                     */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["KeyPatch"];
                };
            };
            responses: {
                /** @description The key, masked */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UpstreamKey"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is at another version */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/admin/keys/{id}/reveal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give one key in clear. The audit log names who asked. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The key in clear */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RevealedKey"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role admin is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/keys/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Test a key with one real request to its upstream. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The key's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What the upstream answered */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProbeReport"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such key */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/log-level": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show what this node logs. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The level of the node that answers */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LogLevel"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        /** Change what this node logs, until it ends. Other nodes stay as they are. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LogLevel"];
                };
            };
            responses: {
                /** @description The level of the node that answers */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LogLevel"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No level */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in with a name and a password. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LoginBody"];
                };
            };
            responses: {
                /** @description A session */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LoginAnswer"];
                    };
                };
                /** @description The name or the password is wrong */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Too many tries failed; `Retry-After` says how long to wait */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/login/browser": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a session of a browser, whose token is in a cookie. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description Anything: that it is there shows where the request comes from */
                    "x-rotator-csrf": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LoginBody"];
                };
            };
            responses: {
                /** @description A session; `Set-Cookie` has its token */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description The name or the password is wrong */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The request comes from another site's page */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Too many tries failed; `Retry-After` says how long to wait */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The session has ended */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the bearer of the token is. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The bearer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Me"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change one's own password. It needs the old one and a session; other sessions end. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasswordBody"];
                };
            };
            responses: {
                /** @description The new password holds */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description A token was shown */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The old one is wrong, or the new one cannot be one */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Too many tries failed; `Retry-After` says how long to wait */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the prices that hold, ordered by model. One in whose place another holds is not among them: what was set here comes before
         *     what stands in `ROTATOR_PRICES`, and that before what is shipped. A model that none of them fits has no price: its tokens are
         *     counted, and what they cost is not known.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The prices */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PriceEntry"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/prices/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the price of a model, or of all that a pattern fits; it holds for requests that end from now on, on all nodes within a
         *     second. A model's own name comes before a pattern, and a pattern with more letters before one with fewer.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The model's name, with or without its vendor and its date, or a pattern with `*` for any text; a `/` in it is written `%2F` */
                    model: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PriceBody"];
                };
            };
            responses: {
                /** @description The price */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PriceEntry"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        post?: never;
        /** Take a price away that was set; what was there before holds again. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The name or the pattern, as it was set */
                    model: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Taken away */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description None was set */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the configs. */
        get: {
            parameters: {
                query?: {
                    /** @description The id after which the page begins, as the `Link` header of the page before names it. */
                    after?: number;
                    /** @description `none` leaves `api_keys` empty, which makes long lists cheaper; how many keys there are is told anyway. */
                    keys?: string;
                    /** @description How many entries at the most: 1 to 1000, 1000 when absent. */
                    limit?: number;
                    /** @description Only the config with exactly this slug. */
                    slug?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page, with `X-Total-Count` and a `Link` to the next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProxyConfig"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        /** Make a config, with its first keys if it names some. */
        post: {
            parameters: {
                query: {
                    /** @description Whether everything is only checked, and nothing stored; no when absent. */
                    dry_run: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ProxyConfigBody"];
                };
            };
            responses: {
                /** @description A dry run: the config as it would be */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProxyConfig"];
                    };
                };
                /** @description The config */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProxyConfig"];
                    };
                };
                /** @description The body is no JSON */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The name or the slug is taken */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a config. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The config */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProxyConfig"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        /** Replace a config whole. Its keys stay as they are. */
        put: {
            parameters: {
                query: {
                    /** @description Whether everything is only checked, and nothing stored; no when absent. */
                    dry_run: boolean;
                };
                header?: {
                    /**
                     * @description The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
                     *     is 412.
                     */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ProxyConfigBody"];
                };
            };
            responses: {
                /** @description The config */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProxyConfig"];
                    };
                };
                /** @description The body is no JSON */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The name or the slug is taken */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is at another version */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        post?: never;
        /** Delete a config and its keys. */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
                     *     is 412.
                     */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is at another version */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs/{id}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List a config's keys, masked. */
        get: {
            parameters: {
                query?: {
                    /** @description The id after which the page begins, as the `Link` header of the page before names it. */
                    after?: number;
                    /** @description How many entries at the most: 1 to 1000, 1000 when absent. */
                    limit?: number;
                    /** @description How many of them to pass over, instead of `after`. */
                    offset?: number;
                    /** @description Only those whose id, masked value, label, quota group or models hold this text, whatever the case; at most 200 characters. */
                    q?: string;
                    /** @description Only those in this state: `active`, `cooling`, `exhausted`, `dead` or `disabled`. */
                    state?: string;
                };
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page, with `X-Total-Count` and a `Link` to the next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UpstreamKey"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        /**
         * Make a config's pool the wanted one, in one transaction: keys that are missing are added, the others changed where they
         *     differ, and with `prune` those that are not named deleted.
         */
        put: {
            parameters: {
                query: {
                    /** @description Whether everything is only checked, and nothing stored; no when absent. */
                    dry_run: boolean;
                };
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PoolBody"];
                };
            };
            responses: {
                /** @description What it took, or would take */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PoolReport"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The body is too long */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        /** Add a key. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            responses: {
                /** @description The key, masked */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UpstreamKey"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The config has this key already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        /** Delete all keys of a config. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description How many were deleted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedCount"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs/{id}/keys/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add many keys in one transaction. Blank entries are dropped, known ones skipped, bad ones reported. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["BatchBody"];
                };
            };
            responses: {
                /** @description What became of each */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BatchReport"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The body is too long */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs/{id}/keys/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Do the same to many keys of a config, in one transaction: those with these ids, or all that a filter lets through. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["KeyBulkBody"];
                };
            };
            responses: {
                /** @description How many keys it was done to */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KeyBulkReport"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The body is too long */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The rotation state does not answer, so that nothing can be reset */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs/{id}/keys/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give all keys of a config in clear. The audit log names who asked. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The keys in clear */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExportedKeys"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role admin is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs/{id}/keys/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test all keys of a config, a few at once. The answer is a stream of JSON lines, one a key as soon as it is tested; whoever
         *     closes it ends the test.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description One line a key */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-ndjson": components["schemas"]["PoolProbeLine"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/proxy-configs/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Turn a config on or off. */
        put: {
            parameters: {
                query?: never;
                header?: {
                    /**
                     * @description The `ETag` of what is to be changed, or its `version` in quotes: where it is at another one, nothing changes and the answer
                     *     is 412.
                     */
                    "If-Match"?: string | null;
                };
                path: {
                    /** @description The config's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            responses: {
                /** @description The config */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProxyConfig"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such config */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is at another version */
                412: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/request-logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search the logged requests, the newest first. */
        get: {
            parameters: {
                query?: {
                    /**
                     * @description The id before which the page begins, as the `Link` header of the page before names it; in the tail, the id after which it
                     *     begins.
                     */
                    after?: number;
                    /** @description Only those of this client key, by its id; `none` means those in `GLOBAL_PROXY_KEYS`. */
                    client?: string;
                    /** @description Only those that this upstream key served, by its id. */
                    key?: number;
                    /** @description How many at the most: 1 to 1000, 100 when absent. */
                    limit?: number;
                    /** @description Only those for this model. */
                    model?: string;
                    /** @description Only those that asked this service, by its id. */
                    service?: number;
                    /** @description Those that ended then or later: RFC 3339, a day (`2026-11-01`, in UTC), or how long ago (`30m`, `24h`, `7d`). */
                    since?: string;
                    /** @description Only those with this status, such as `404`, or one of this class, such as `5xx`. */
                    status?: string;
                    /** @description Only those of this trace, or with this `x-request-id`. */
                    trace?: string;
                    /** @description Those that ended before, written alike. */
                    until?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page, with a `Link` to the next; a request shows about a second after its end */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RequestLogEntry"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/request-logs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a logged request with its bodies, where they are kept. Reading bodies is written into the audit log. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The request's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The request */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LoggedRequest"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such request */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/request-logs/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the log: each request as an event, with its id and the same JSON as in the search. A client that names the last event
         *     that it saw (`Last-Event-ID`) misses none. The answer ends after a quarter of an hour, to be asked for again.
         */
        get: {
            parameters: {
                query?: {
                    /**
                     * @description The id before which the page begins, as the `Link` header of the page before names it; in the tail, the id after which it
                     *     begins.
                     */
                    after?: number;
                    /** @description Only those of this client key, by its id; `none` means those in `GLOBAL_PROXY_KEYS`. */
                    client?: string;
                    /** @description Only those that this upstream key served, by its id. */
                    key?: number;
                    /** @description How many at the most: 1 to 1000, 100 when absent. */
                    limit?: number;
                    /** @description Only those for this model. */
                    model?: string;
                    /** @description Only those that asked this service, by its id. */
                    service?: number;
                    /** @description Those that ended then or later: RFC 3339, a day (`2026-11-01`, in UTC), or how long ago (`30m`, `24h`, `7d`). */
                    since?: string;
                    /** @description Only those with this status, such as `404`, or one of this class, such as `5xx`. */
                    status?: string;
                    /** @description Only those of this trace, or with this `x-request-id`. */
                    trace?: string;
                    /** @description Those that ended before, written alike. */
                    until?: string;
                };
                header?: {
                    /** @description The id of the last request that was seen */
                    "Last-Event-ID"?: number | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Requests from now on, or from the last one that was seen */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": components["schemas"]["RequestLogEntry"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is logged in, and until when. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The session, or the token */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** End the session, and take the cookie back. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The session has ended */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the server is. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The state of the server */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Status"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's own API tokens; admins see those of everybody. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The tokens, without their values */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AdminToken"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        /** Make an API token of one's own. Its value is shown this once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AdminTokenBody"];
                };
            };
            responses: {
                /** @description The token */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewAdminToken"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The scope is above one's own role */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete an API token; it stops to work at once. Those of others are for admins. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The token's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description It is another's */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such token */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show what requests used. */
        get: {
            parameters: {
                query?: {
                    /**
                     * @description What figures are kept apart by: `time`, `service`, `key`, `client`, `model`, with commas between them; all are added up
                     *     when absent.
                     */
                    by?: string;
                    /** @description Only this client key's, by its id; `none` means those in `GLOBAL_PROXY_KEYS`. */
                    client?: string;
                    /** @description How long the stretches are: `minute`, `hour` (when absent) or `day`. */
                    grain?: string;
                    /** @description Only this upstream key's, by its id. */
                    key?: number;
                    /** @description How many groups at the most: 1 to 10000, 1000 when absent. */
                    limit?: number;
                    /** @description Only this model's. */
                    model?: string;
                    /** @description Only this service's, by its id. */
                    service?: number;
                    /** @description From when on: RFC 3339, a day (`2026-11-01`, in UTC), or how long ago (`30m`, `24h`, `7d`); a day ago when absent. */
                    since?: string;
                    /** @description Until when, written alike; now when absent. */
                    until?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The figures; they are at most about two seconds old */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UsageReport"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused parameters, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the users. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All users */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AdminUser"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        /** Make a user. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AdminUserBody"];
                };
            };
            responses: {
                /** @description The user */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AdminUser"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role admin is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The name is taken */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a user with their tokens; their sessions end. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The user's name */
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role admin is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such user */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No other enabled user has the role admin */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change what is named of a user. Another role holds at once; with a new password, or disabled, the user's sessions end. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The user's name */
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AdminUserPatch"];
                };
            };
            responses: {
                /** @description The user */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AdminUser"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role admin is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such user */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No other enabled user has the role admin */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/admin/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all webhooks, without their secrets; there are 100 at the most. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of them */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Webhook"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        /** Make a webhook. Its secret is shown this once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookBody"];
                };
            };
            responses: {
                /** @description The webhook with its secret */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewWebhook"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a webhook. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The webhook's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The webhook, without its secret */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Webhook"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such webhook */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Delete a webhook, and what waits for it. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The webhook's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Message"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such webhook */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change what is named of a webhook. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The webhook's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPatch"];
                };
            };
            responses: {
                /** @description The webhook, without its secret */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Webhook"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such webhook */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/admin/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the messages to a webhook, the newest first. Those that ended are kept for a week, the last thousand of them. */
        get: {
            parameters: {
                query?: {
                    /** @description The id after which the page begins, as the `Link` header of the page before names it. */
                    after?: number;
                    /** @description How many entries at the most: 1 to 1000, 1000 when absent. */
                    limit?: number;
                };
                header?: never;
                path: {
                    /** @description The webhook's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page, with a `Link` to the next */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookDelivery"][];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such webhook */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a webhook another secret, shown this once; messages may be signed with the old one as well for a while. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The webhook's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RotationBody"];
                };
            };
            responses: {
                /** @description The webhook with its new secret */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewWebhook"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such webhook */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description Refused fields, named */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a webhook a `ping`, now and once, also where it is disabled, and tell what came of it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The webhook's id */
                    id: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What came of it */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookTest"];
                    };
                };
                /** @description No valid token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description The role operator is needed */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
                /** @description No such webhook */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorBody"];
                    };
                };
            };
        };
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
        /** @description A token, without its value. */
        AdminToken: {
            /** @description When it was made; RFC 3339. */
            created_at: string;
            /** @description Who made it. */
            created_by: string;
            /** @description When it stops to work; RFC 3339. */
            expires_at?: string | null;
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /** @description When it was last used, to the minute or so; RFC 3339. */
            last_used_at?: string | null;
            /** @description What it is for. */
            name: string;
            /** @description The user whose it is: it does not work while they are disabled, and goes with them. */
            owner?: string | null;
            /** @description The first characters of its value; empty for one that was made before they were kept. */
            prefix?: string;
            /** @description What it may do, as far as its owner may: `viewer`, `operator` or `admin`. */
            scope?: string;
        };
        /** @description A token to make. */
        AdminTokenBody: {
            /** @description When it stops to work, RFC 3339; never when absent. A token that is made through another one ends with it at the latest. */
            expires_at?: string | null;
            /**
             * Format: int32
             * @description The same as a number of days.
             */
            expires_in_days?: number | null;
            /** @description What it is for. */
            name: string;
            /** @description What it may do: `viewer` (when absent), `operator` or `admin`; never more than who makes it. */
            scope?: string | null;
        };
        /** @description Somebody who may log in. */
        AdminUser: {
            /** @description Whether they may not log in. */
            disabled: boolean;
            /** @description The name to log in with. */
            name: string;
            /** @description When the password was last set; RFC 3339. */
            password_set_at: string;
            /**
             * @description `viewer` (sees everything but secrets), `operator` (manages services, keys and client keys as well) or `admin` (manages
             *     users as well, and takes keys out in clear).
             */
            role: string;
        };
        /** @description A user to make. */
        AdminUserBody: {
            /** @description Whether they may not log in; no when absent. */
            disabled?: boolean;
            /** @description The name to log in with: 1 to 100 characters without slashes. */
            name: string;
            /** @description The password: 8 to 1000 characters. */
            password: string;
            /** @description `viewer` (when absent), `operator` or `admin`. */
            role?: string | null;
        };
        /** @description What to change of a user; what is absent stays as it is. */
        AdminUserPatch: {
            /** @description Whether they may not log in; the sessions of who is disabled end, and their tokens do not work. */
            disabled?: boolean | null;
            /** @description A new password, 8 to 1000 characters; the user's sessions end. One's own is changed with `PUT me/password`. */
            password?: string | null;
            /** @description `viewer`, `operator` or `admin`; it holds at once. */
            role?: string | null;
        };
        /** @description What a client may know before it logs in. */
        AppConfig: {
            /** @description What this build holds. */
            features: string[];
            /** @description The address under which clients reach the doors, if it was set. */
            proxy_public_base_url?: string | null;
            /** @description The server's version. */
            version: string;
        };
        /** @description How a field changed; what was not there, or is not, is absent. */
        AuditChange: {
            /** @description Its value afterwards. */
            after?: unknown;
            /** @description Its value before. */
            before?: unknown;
        };
        /** @description Something that an administrator did. */
        AuditEntry: {
            /** @description What: a noun and a verb, such as `keys.export`. */
            action: string;
            /** @description Who: a user's name, `token:` and a token's name, or `rotator-server` for the server itself. */
            actor: string;
            /** @description When; RFC 3339. */
            at: string;
            /** @description What changed, by field; secrets are masked. */
            changes?: {
                [key: string]: components["schemas"]["AuditChange"];
            };
            /** @description More about it. */
            detail?: string | null;
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /** @description Whose token it was, where it was one. */
            owner?: string | null;
            /** @description From which address. */
            remote?: string | null;
            /** @description The id of the request, which its answer told as `x-request-id`. */
            request_id?: string | null;
            /** @description To what, such as `service:12`. */
            subject: string;
        };
        /** @description Keys to add at once. */
        BatchBody: {
            /** @description The secrets, one an entry; they are trimmed and blank ones dropped. */
            keys: string[];
        };
        /** @description What became of a batch. */
        BatchReport: {
            /**
             * Format: int64
             * @description How many cannot be keys.
             */
            failed_count: number;
            /** @description Those that cannot be keys. */
            failed_keys: components["schemas"]["FailedKey"][];
            /**
             * Format: int64
             * @description How many were there already, or came twice.
             */
            skipped_count: number;
            /**
             * Format: int64
             * @description How many keys were added.
             */
            success_count: number;
        };
        /** @description What may be spent in a time. */
        Budget: {
            /**
             * Format: double
             * @description How much: up to a million US dollars, or 10^15 tokens.
             */
            amount: number;
            /** @description `day`, `week`, `month` or `total`. */
            period: string;
            /** @description `usd` or `tokens`. */
            unit: string;
        };
        /** @description A client key, without its value. */
        ClientKey: {
            /** @description When it was made; RFC 3339. */
            created_at: string;
            /** @description From when on it does not; RFC 3339. */
            expires_at?: string | null;
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /** @description Whether it opens the doors. */
            is_active: boolean;
            /** @description How much it may use. */
            limits: components["schemas"]["ClientLimits"];
            /** @description The models that it may ask for, `*` in them for any text; all when empty. */
            models: string[];
            /** @description What it is called. */
            name: string;
            /** @description The first characters of its value; empty for one that was made by an earlier version. */
            prefix: string;
            /** @description Until when the value before the last rotation opens the doors as well; RFC 3339. */
            previous_until?: string | null;
            /** @description The slugs of the configs that it may use, `*` in them for any text; all when empty. */
            services: string[];
            /** @description The addresses or networks from which it may be used; all when empty. */
            sources: string[];
            /** @description Its version, whatever it has used: another one after each change. `ETag` has the same in quotes. */
            version: string;
        };
        /** @description A client key to make. Its value is made by the server. */
        ClientKeyBody: {
            /** @description From when on it does not, RFC 3339; never when absent. */
            expires_at?: string | null;
            /** @description Whether it opens the doors; yes when absent. */
            is_active?: boolean;
            /** @description How much it may use. */
            limits?: components["schemas"]["ClientLimits"];
            /**
             * @description The models that it may ask for, as the client names them, `*` in them for any text, at most 100; all when absent or
             *     empty.
             */
            models?: string[];
            /** @description What it is called: 1 to 100 characters. */
            name: string;
            /** @description The slugs of the configs that it may use, `*` in them for any text, at most 100; all when absent or empty. */
            services?: string[];
            /** @description The addresses or networks (CIDR) from which it may be used, at most 1000; all when absent or empty. */
            sources?: string[];
        };
        /** @description What to change of a client key; what is absent stays as it is. */
        ClientKeyPatch: {
            /** @description From when on it does not, RFC 3339; null means never. */
            expires_at?: string | null;
            /** @description Whether it opens the doors. */
            is_active?: boolean | null;
            limits?: components["schemas"]["ClientLimitsPatch"] | null;
            /** @description The models that it may ask for; null or an empty list means all. */
            models?: string[] | null;
            /** @description What it is called. */
            name?: string | null;
            /** @description The slugs of the configs that it may use; null or an empty list means all. */
            services?: string[] | null;
            /** @description From where it may be used; null or an empty list means from everywhere. */
            sources?: string[] | null;
        };
        /** @description A client key and what it has used. */
        ClientKeyReport: components["schemas"]["ClientKey"] & {
            /**
             * Format: int32
             * @description Its requests in flight, where something of it is limited.
             */
            in_flight?: number | null;
            /** @description How each limit stands; null where that cannot be told now, or was not asked for. */
            standing?: components["schemas"]["LimitStanding"][] | null;
        };
        /**
         * @description How much a client key may use; an absent limit is none. Minutes, days, weeks (from Monday) and months are those of the
         *     calendar in UTC.
         */
        ClientLimits: {
            /** @description What may be spent: at most 8 budgets, each of another unit or period. */
            budgets?: components["schemas"]["Budget"][];
            /**
             * Format: int32
             * @description Requests in flight: 1 to 1,000,000.
             */
            max_concurrency?: number | null;
            /**
             * Format: int64
             * @description Requests in a day: 1 to 10^12.
             */
            rpd?: number | null;
            /**
             * Format: int64
             * @description Requests in a minute: 1 to 10^12.
             */
            rpm?: number | null;
            /**
             * Format: int64
             * @description The same in a day: 1 to 10^12.
             */
            tpd?: number | null;
            /**
             * Format: int64
             * @description Tokens, of prompts and answers together, in a minute: 1 to 10^12.
             */
            tpm?: number | null;
        };
        /** @description What to change of limits; null takes one away. */
        ClientLimitsPatch: {
            /** @description What may be spent, in the place of all budgets that are there. */
            budgets?: components["schemas"]["Budget"][] | null;
            /**
             * Format: int32
             * @description Requests in flight.
             */
            max_concurrency?: number | null;
            /**
             * Format: int64
             * @description Requests in a day.
             */
            rpd?: number | null;
            /**
             * Format: int64
             * @description Requests in a minute.
             */
            rpm?: number | null;
            /**
             * Format: int64
             * @description Tokens in a day.
             */
            tpd?: number | null;
            /**
             * Format: int64
             * @description Tokens in a minute.
             */
            tpm?: number | null;
        };
        /** @description How many keys were deleted. */
        DeletedCount: {
            /**
             * Format: int64
             * @description How many.
             */
            deleted_count: number;
        };
        /** @description An error. */
        ErrorBody: {
            /** @description What went wrong, for a person. */
            error: string;
            /** @description The refused fields, where the request had some. */
            fields?: components["schemas"]["FieldErrorBody"][];
        };
        /** @description A key in clear. */
        ExportedKey: {
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /** @description Whether it may be picked. */
            is_active: boolean;
            /** @description The secret. */
            key_value: string;
            /** @description What the operator calls it. */
            label?: string | null;
            /** @description Its own limits; an absent one follows the config's. */
            limits: components["schemas"]["Limits"];
            /** @description The models that it may serve, `*` in them for any text; all when empty. */
            models: string[];
            /** @description The keys with which it shares its upstream quota. */
            quota_group?: string | null;
            /**
             * Format: int32
             * @description Keys of a lower tier are used first.
             */
            tier: number;
            /**
             * Format: int32
             * @description How often it is used under the strategy `weighted`, in proportion to the others.
             */
            weight: number;
        };
        /** @description All keys of a config in clear. */
        ExportedKeys: {
            /** @description The keys, ordered by id. */
            keys: components["schemas"]["ExportedKey"][];
        };
        /** @description An entry of a batch that cannot be a key; its value is not repeated. */
        FailedKey: {
            /** @description What is wrong with it. */
            error: string;
            /**
             * Format: int64
             * @description Its place in the batch, counted from 1.
             */
            line: number;
        };
        /** @description A config that steps in for another one. */
        Fallback: {
            /**
             * @description The models of the config that it steps in for, and what they are called here; a model that is not named keeps its
             *     name.
             */
            models?: {
                [key: string]: string;
            } | null;
            /** @description Its slug. */
            slug: string;
        };
        /** @description A refused field. */
        FieldErrorBody: {
            /** @description Its name; a path such as `keys[3]` for one inside another. */
            field: string;
            /** @description What is wrong with it. */
            message: string;
        };
        /**
         * @description What can be done to many keys.
         * @enum {string}
         */
        KeyAction: "enable" | "disable" | "delete" | "reset" | "change";
        /** @description What is to be done to many keys of a config, in one transaction. */
        KeyBulkBody: {
            /** @description What is to be done. */
            action: components["schemas"]["KeyAction"];
            change?: components["schemas"]["KeyPatch"] | null;
            /** @description The ids of keys that `filter` lets through and that stay as they are. */
            except?: number[];
            filter?: components["schemas"]["KeyFilter"] | null;
            /** @description The keys' ids, at most 200,000; those that the config does not have are passed over. Either these or `filter`. */
            ids?: number[] | null;
        };
        /** @description What became of many keys. */
        KeyBulkReport: {
            /**
             * Format: int64
             * @description How many keys it was done to.
             */
            count: number;
        };
        /** @description Which keys of a config; all when nothing is named. */
        KeyFilter: {
            /** @description Only those whose id, masked value, label, quota group or models hold this text, whatever the case; at most 200 characters. */
            q?: string | null;
            /** @description Only those in this state: `active`, `cooling`, `exhausted`, `dead` or `disabled`. */
            state?: string | null;
        };
        /** @description What to change of a key; what is absent stays as it is. */
        KeyPatch: {
            /** @description Whether it may be picked. */
            is_active?: boolean | null;
            /** @description What the operator calls it; null takes the label away. */
            label?: string | null;
            limits?: components["schemas"]["LimitsPatch"] | null;
            /** @description The models that it may serve, `*` in them for any text, at most 100; null or an empty list means all. */
            models?: string[] | null;
            /** @description The keys with which it shares its upstream quota; null takes it out of its group. */
            quota_group?: string | null;
            /**
             * Format: int32
             * @description Keys of a lower tier are used first: 0 to 255.
             */
            tier?: number | null;
            /**
             * Format: int32
             * @description How often it is used under the strategy `weighted`, in proportion to the others: 1 to 65,536.
             */
            weight?: number | null;
        };
        /** @description Declared limits, each at least 1; an absent one is no limit. */
        Limits: {
            /**
             * Format: int32
             * @description Requests in flight.
             */
            max_concurrency?: number | null;
            /**
             * Format: int32
             * @description Requests in any 24 hours.
             */
            rpd?: number | null;
            /**
             * Format: int32
             * @description Requests in any 60 seconds.
             */
            rpm?: number | null;
            /**
             * Format: int32
             * @description Tokens, of prompts and answers together, in any 60 seconds.
             */
            tpm?: number | null;
        };
        /** @description What to change of declared limits: what is absent stays as it is, null takes a limit away. */
        LimitsPatch: {
            /**
             * Format: int32
             * @description Requests in flight.
             */
            max_concurrency?: number | null;
            /**
             * Format: int32
             * @description Requests in any 24 hours.
             */
            rpd?: number | null;
            /**
             * Format: int32
             * @description Requests in any 60 seconds.
             */
            rpm?: number | null;
            /**
             * Format: int32
             * @description Tokens, of prompts and answers together, in any 60 seconds.
             */
            tpm?: number | null;
        };
        /** @description How one limit stands. */
        LimitStanding: {
            /**
             * Format: double
             * @description How much may be used.
             */
            limit: number;
            /** @description `minute`, `day`, `week`, `month` or `total`. */
            period: string;
            /**
             * Format: double
             * @description How much requests in flight may still use.
             */
            reserved: number;
            /** @description When the next window begins; RFC 3339. */
            resets_at?: string | null;
            /** @description `requests`, `tokens` or `usd`. */
            unit: string;
            /**
             * Format: double
             * @description How much was used in this window.
             */
            used: number;
        };
        /** @description How a key is. */
        LiveKey: {
            /**
             * Format: int64
             * @description How many of its requests failed, on this node, since somebody looks at the keys of its service.
             */
            errors: number;
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /**
             * Format: int32
             * @description Its requests in flight, on all nodes that share their state.
             */
            in_flight: number;
            /** @description When this node last had an answer to it since somebody looks; RFC 3339. */
            last_used?: string | null;
            /** @description The model that the state concerns; all when null. */
            model?: string | null;
            /** @description Its label, or its masked value. */
            name: string;
            /**
             * Format: double
             * @description Requests a second that this node sent with it in the last ten seconds.
             */
            rate: number;
            /** @description Why it is not active: `limited`, `out_of_quota` (its quota or credit is used up) or `refused`; null for others. */
            reason?: string | null;
            /**
             * Format: int64
             * @description Its service's id.
             */
            service: number;
            /** @description `active`, `cooling`, `exhausted`, `dead` or `disabled`. */
            state: string;
            /** @description Until when it is left alone or, for one that is dead or without credit, when it is tested next; RFC 3339. */
            until?: string | null;
        };
        /** @description How many enabled keys are in each state. */
        LiveKeyCounts: {
            /**
             * Format: int64
             * @description They may be picked.
             */
            active: number;
            /**
             * Format: int64
             * @description They are limited for a while.
             */
            cooling: number;
            /**
             * Format: int64
             * @description Their upstream refuses them.
             */
            dead: number;
            /**
             * Format: int64
             * @description Their quota or credit is used up.
             */
            exhausted: number;
        };
        /** @description How a service is. */
        LiveService: {
            /**
             * Format: double
             * @description Which share of them were errors: 0 to 1.
             */
            error_share: number;
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /**
             * Format: int64
             * @description Its requests in flight on this node; null where they are not counted apart from those of others.
             */
            in_flight?: number | null;
            /** @description Whether the doors serve it. */
            is_active: boolean;
            /** @description How its enabled keys are. */
            keys: components["schemas"]["LiveKeyCounts"];
            /**
             * Format: double
             * @description Its requests a second that this node ended in the last ten seconds.
             */
            rate: number;
            /** @description Its slug. */
            slug: string;
        };
        /** @description What has changed since the update before; the first one of a stream tells everything. */
        LiveUpdate: {
            /** @description When it was told, by the server's clock; RFC 3339. */
            at: string;
            /** @description Keys that are not there any more, by their ids. */
            gone_keys?: number[];
            /** @description Services that are not there any more, by their ids. */
            gone_services?: number[];
            /** @description Whether all that was known before is to be forgotten first. */
            is_snapshot: boolean;
            /** @description Whether everything is told with it; else the next update goes on at once. */
            is_whole: boolean;
            /** @description Keys of the chosen services that are new or have changed. */
            keys?: components["schemas"]["LiveKey"][];
            /** @description Services that are new or have changed. */
            services?: components["schemas"]["LiveService"][];
        };
        /** @description One request to an upstream. */
        LoggedAttempt: {
            /**
             * Format: int64
             * @description With which key, by its id.
             */
            key: number;
            /**
             * Format: int64
             * @description The service whose upstream it was, by its id.
             */
            service: number;
            /**
             * @description What the answer said: `healthy`, `limited`, `out_of_quota`, `dead`, `forbidden`, `upstream_fault` or `client_fault`; null
             *     where there was none.
             */
            verdict?: string | null;
        };
        /** @description A body as it is kept: without what the service's `log_redact` names, and without keys. */
        LoggedBody: {
            /** @description Its bytes, where they are no text. */
            base64?: string | null;
            /** @description Whether there was more of it. */
            is_cut: boolean;
            /** @description Its text, uncompressed. */
            text?: string | null;
        };
        /** @description A logged request with its bodies. */
        LoggedRequest: components["schemas"]["RequestLogEntry"] & {
            answer_body?: components["schemas"]["LoggedBody"] | null;
            request_body?: components["schemas"]["LoggedBody"] | null;
        };
        /** @description The tokens of an answer. */
        LoggedTokens: {
            /**
             * Format: int64
             * @description Of it, what was written to a cache.
             */
            cache_written: number;
            /**
             * Format: int64
             * @description Of it, what was read from a cache.
             */
            cached: number;
            /**
             * Format: int64
             * @description The whole prompt.
             */
            input: number;
            /**
             * Format: int64
             * @description The whole answer.
             */
            output: number;
            /**
             * Format: int64
             * @description Of it, the reasoning.
             */
            reasoning: number;
        };
        /** @description A new session. */
        LoginAnswer: {
            /** @description The bearer token. */
            access_token: string;
            /**
             * Format: int64
             * @description How long the token works, in seconds.
             */
            expires_in: number;
            /** @description A greeting. */
            message: string;
            /** @description Always true. */
            success: boolean;
            /** @description Always `bearer`. */
            token_type: string;
        };
        /** @description Who wants to log in. */
        LoginBody: {
            /** @description The password. */
            password: string;
            /** @description The administrator's name. */
            username: string;
        };
        /** @description What a node logs. */
        LogLevel: {
            /** @description `error`, `warn`, `info`, `debug`, `trace`, or tracing directives. */
            level: string;
        };
        /** @description What a million tokens of a request cost whose prompt is long. */
        LongPriceBody: {
            /**
             * Format: int64
             * @description Prompts of more tokens than these are long.
             */
            above: number;
            /**
             * Format: double
             * @description As in the price.
             */
            cache_written?: number | null;
            /**
             * Format: double
             * @description As in the price.
             */
            cached?: number | null;
            /**
             * Format: double
             * @description As in the price.
             */
            input: number;
            /**
             * Format: double
             * @description As in the price.
             */
            output: number;
        };
        /** @description Who the bearer of a token is. */
        Me: {
            /** @description A user's name, or `token:` and a token's name. */
            name: string;
            /** @description What the bearer may do: `viewer`, `operator` or `admin`. */
            role?: string;
            /** @description The user, or whose token it is. */
            user?: string | null;
        };
        /** @description Something was done. */
        Message: {
            /** @description What was done. */
            message: string;
        };
        /** @description A new token; its value is shown this once. */
        NewAdminToken: components["schemas"]["AdminToken"] & {
            /** @description The bearer token. */
            token: string;
        };
        /** @description A key of a new config: its value alone, or with more about it. */
        NewApiKey: string | components["schemas"]["NewKey"];
        /** @description A new value of a client key, shown this once. */
        NewClientKey: components["schemas"]["ClientKey"] & {
            /** @description What the client shows. */
            key_value: string;
        };
        /** @description A key to add. */
        NewKey: {
            /** @description Whether it may be picked; yes when absent. */
            is_active?: boolean;
            /** @description The secret: 1 to 4,096 printable ASCII characters. */
            key_value: string;
            /** @description What the operator calls it. */
            label?: string | null;
            limits?: components["schemas"]["Limits"] | null;
            /** @description The models that it may serve, `*` in them for any text, at most 100; all when absent or empty. */
            models?: string[] | null;
            /** @description The keys with which it shares its upstream quota. */
            quota_group?: string | null;
            /**
             * Format: int32
             * @description Keys of a lower tier are used first: 0 (when absent) to 255.
             */
            tier?: number | null;
            /**
             * Format: int32
             * @description How often it is used under the strategy `weighted`, in proportion to the others: 1 (when absent) to 65,536.
             */
            weight?: number | null;
        };
        /** @description A new secret of a webhook, shown this once. */
        NewWebhook: components["schemas"]["Webhook"] & {
            /** @description What signs messages: `whsec_` and base64. */
            secret: string;
        };
        /** @description A node. */
        NodeStatus: {
            /** @description Its id. */
            id: string;
            /** @description When it last gave a sign of life; RFC 3339. */
            seen_at: string;
            /** @description The version of its program. */
            version: string;
        };
        /** @description A password for oneself; other sessions end. */
        PasswordBody: {
            /** @description The one that holds now. */
            current_password: string;
            /** @description The new one: 8 to 1000 characters. */
            new_password: string;
        };
        /** @description The pool that a config shall have. */
        PoolBody: {
            /** @description Its keys. */
            keys: components["schemas"]["PoolKey"][];
            /** @description Whether keys that are not named here are deleted; no when absent. */
            prune?: boolean;
        };
        /** @description A key of a wanted pool; what is absent stays as it is, and of a new key takes its usual value. */
        PoolKey: {
            /** @description Whether it may be picked. */
            is_active?: boolean | null;
            /** @description The secret: 1 to 4,096 printable ASCII characters. */
            key_value: string;
            /** @description What the operator calls it. */
            label?: string | null;
            limits?: components["schemas"]["LimitsPatch"] | null;
            /** @description The models that it may serve, `*` in them for any text, at most 100; null or an empty list means all. */
            models?: string[] | null;
            /** @description The keys with which it shares its upstream quota; null takes it out of its group. */
            quota_group?: string | null;
            /**
             * Format: int32
             * @description Keys of a lower tier are used first: 0 to 255.
             */
            tier?: number | null;
            /**
             * Format: int32
             * @description How often it is used under the strategy `weighted`, in proportion to the others: 1 to 65,536.
             */
            weight?: number | null;
        };
        /** @description One line of a test of all keys of a config. */
        PoolProbeLine: components["schemas"]["ProbeReport"] & {
            /**
             * Format: int64
             * @description The key's id.
             */
            id: number;
            /**
             * Format: int64
             * @description How many keys have been tested, this one included.
             */
            tested: number;
            /**
             * Format: int64
             * @description How many there are.
             */
            total: number;
        };
        /** @description How a pool became, or would become, as it was wanted. */
        PoolReport: {
            /**
             * Format: int64
             * @description How many keys are new.
             */
            added_count: number;
            /**
             * Format: int64
             * @description How many keys changed.
             */
            changed_count: number;
            /**
             * Format: int64
             * @description How many keys were deleted.
             */
            deleted_count: number;
            /**
             * Format: int64
             * @description How many entries were a second copy of another.
             */
            skipped_count: number;
            /**
             * Format: int64
             * @description How many keys were as wanted already.
             */
            unchanged_count: number;
        };
        /** @description What a million tokens cost. */
        PriceBody: {
            /**
             * Format: double
             * @description Tokens of the prompt that were written to a cache; as all others when absent.
             */
            cache_written?: number | null;
            /**
             * Format: double
             * @description Tokens of the prompt that were read from a cache; as all others when absent.
             */
            cached?: number | null;
            /** @description The currency; `USD` when absent, and no other is known. */
            currency?: string | null;
            /**
             * Format: double
             * @description Tokens of the prompt: 0 to 1,000,000.
             */
            input: number;
            long?: components["schemas"]["LongPriceBody"] | null;
            /**
             * Format: double
             * @description Tokens of the answer.
             */
            output: number;
        };
        /** @description A price that holds. */
        PriceEntry: {
            /** @description When it was set, or its table was written: a day or a time (RFC 3339); null where that is not known. */
            date?: string | null;
            /** @description The model, or a pattern with `*` for any text, in small letters. */
            model: string;
            /** @description The price, with its currency. */
            price: components["schemas"]["PriceBody"];
            /** @description Where the price comes from: `shipped` (with the program), `file` (`ROTATOR_PRICES`) or `api`. */
            source: string;
        };
        /** @description What a test of a key showed. */
        ProbeReport: {
            /** @description Why there was no answer. */
            error?: string | null;
            /**
             * Format: int64
             * @description How long the answer took, in milliseconds.
             */
            latency_ms?: number | null;
            /** @description Whether the upstream served it. */
            ok: boolean;
            /**
             * Format: int32
             * @description The upstream's status.
             */
            status?: number | null;
            /** @description `healthy`, `limited`, `out_of_quota`, `dead`, `forbidden`, `upstream_fault`, `client_fault` or `no_answer`. */
            verdict: string;
        };
        /** @description A proxy config as the server knows it. */
        ProxyConfig: components["schemas"]["ProxyConfigBody"] & {
            /**
             * Format: int64
             * @description How many of them are active.
             */
            active_key_count: number;
            /**
             * Format: int64
             * @description How many keys it has.
             */
            api_key_count: number;
            /** @description Its first keys, masked: at most 100, and in a list at most 2,000 of all its configs together. */
            api_keys: components["schemas"]["UpstreamKey"][];
            /** @description When it was made; RFC 3339. */
            created_at: string;
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /** @description When it last changed; RFC 3339. */
            updated_at: string;
            /** @description Its version, whatever its keys are: another one after each change. `ETag` has the same in quotes. */
            version?: string;
        };
        /** @description A proxy config as it is written: to create one, or to replace one whole. */
        ProxyConfigBody: {
            /** @description Whether a conversation keeps its key while that key can serve; no when absent. */
            affinity?: boolean | null;
            /** @description `openai_compatible` (when absent), `openai_responses`, `anthropic_native` or `gemini_native`. */
            api_format?: string | null;
            /** @description `header` or `query`. A generic config needs it; an LLM config overrides its provider with it. */
            api_key_location?: string | null;
            /** @description The header or the query parameter that carries the upstream key. */
            api_key_name?: string | null;
            /** @description What stands before the key, such as `Bearer ` with its space. */
            api_key_prefix?: string | null;
            /**
             * @description The first keys of a new config. When a config is replaced, only keys that carry an `id` may stand here, as an answer
             *     gave them; they are left as they are.
             */
            api_keys?: components["schemas"]["NewApiKey"][] | null;
            /**
             * @description Whether streams of Chat Completions are asked to tell what they used where the client does not ask
             *     (`stream_options.include_usage`); the client sees nothing of it. Yes when absent; no is for upstreams that refuse to be
             *     asked.
             */
            asks_for_usage?: boolean | null;
            /** @description `GENERIC` or `LLM`, in any case. */
            config_type: string;
            /**
             * Format: int64
             * @description How long the connection to the upstream may take, in milliseconds.
             */
            connect_timeout_ms?: number | null;
            /**
             * Format: int64
             * @description How long a request may take until its answer begins, waiting included, in milliseconds; 300,000 when absent.
             */
            deadline_ms?: number | null;
            /** @description The configs that step in when this one cannot serve, in order; at most 10. */
            fallback?: components["schemas"]["Fallback"][] | null;
            /**
             * Format: int64
             * @description How long the upstream may take to its first byte, in milliseconds.
             */
            first_byte_timeout_ms?: number | null;
            /** @description The HTTP version towards the upstream: `auto` (when absent), `http1` or `http2`. */
            http_version?: string | null;
            /**
             * Format: int64
             * @description How long the answer, or the body of a request, may pause, in milliseconds.
             */
            idle_timeout_ms?: number | null;
            /** @description Whether the doors serve it; yes when absent. */
            is_active?: boolean;
            limits?: components["schemas"]["Limits"] | null;
            /**
             * Format: int32
             * @description How much of a body is kept, in bytes, 1 to 1,048,576; 65,536 when absent.
             */
            log_body_limit?: number | null;
            /**
             * @description What is left out of kept bodies: at most 100 JSON pointers (RFC 6901), in which `*` stands for any member or index, such
             *     as `/messages/*\/content`. In streams they hold for each event. Of a body that is no JSON nothing is kept then.
             */
            log_redact?: string[] | null;
            /** @description What is kept of its requests: `off` (when absent), `metadata`, or `bodies` as well. */
            log_requests?: string | null;
            /**
             * Format: int32
             * @description How often a request is sent at the most, 1 to 1,000; as often as there are keys when absent.
             */
            max_attempts?: number | null;
            /**
             * Format: int64
             * @description How long a request waits for a key at the most, in milliseconds, 0 to 600,000; 10,000 when absent.
             */
            max_wait_ms?: number | null;
            /**
             * Format: int32
             * @description How many requests wait at the most while no key can serve, 0 to 100,000; 1,000 when absent.
             */
            max_waiting?: number | null;
            /** @description `ANY`, or one or more methods with commas between them. For generic configs. */
            method?: string | null;
            /** @description Names that clients may use for models, and the real ones; at most 200. */
            model_aliases?: {
                [key: string]: string;
            } | null;
            /** @description What the operator calls it; unique. */
            name: string;
            /**
             * @description What the clients speak: `none` (when absent; the upstream's own format), `auto` (as each request's path says),
             *     `openai`, `openai_responses`, `anthropic` or `gemini`. What differs from `api_format` is converted.
             */
            output_format?: string | null;
            /** @description The LLM provider; found by the host of `target_base_url` when absent. */
            provider?: string | null;
            /** @description The limits of quota groups, by name; keys of one group share one upstream quota. */
            quota_groups?: {
                [key: string]: components["schemas"]["Limits"];
            } | null;
            /**
             * @description Whether a request that the upstream may have processed is sent again although its method does not say that it may be;
             *     no when absent.
             */
            retry_after_send?: boolean | null;
            /** @description Whether answers tell in `x-rotator-*` headers which key served and after how many attempts; yes when absent. */
            rotation_headers?: boolean | null;
            /** @description Its place in the doors' paths; unique. ASCII letters, digits, `-`, `_` and single dots. */
            slug: string;
            /** @description How the keys take turns: `round_robin` (when absent), `weighted`, `least_in_flight`, `fill_first` or `random`. */
            strategy?: string | null;
            /**
             * @description Whether a request is refused (400) that would lose something on its way into the upstream's format, instead of naming
             *     what was lost in `x-rotator-dropped`; no when absent.
             */
            strict?: boolean | null;
            /** @description Where an LLM config sends its requests. */
            target_base_url?: string | null;
            /** @description Where a generic config sends its requests. */
            target_url?: string | null;
        };
        /** @description A request of a service that logs them. No secret is in it. */
        RequestLogEntry: {
            /** @description The address that it came from. */
            address?: string | null;
            /** @description The answer's content type. */
            answer_type?: string | null;
            /** @description When it came in; RFC 3339. */
            at: string;
            /** @description What was sent to upstreams for it, in order. */
            attempts: components["schemas"]["LoggedAttempt"][];
            /**
             * Format: int64
             * @description Bytes of its body.
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Bytes of the answer's body.
             */
            bytes_out: number;
            /**
             * Format: int64
             * @description The client key that let it in, by its id; null for those in `GLOBAL_PROXY_KEYS`.
             */
            client?: number | null;
            /**
             * Format: int64
             * @description What they cost, in thousand-millionths of a US dollar, where that is known.
             */
            cost_nanodollars?: number | null;
            /**
             * Format: int64
             * @description How long it took to the last one, in milliseconds.
             */
            duration_ms: number;
            /** @description How its answer ended: `whole`, `broken` (on the upstream's side) or `aborted` (the client went away). */
            end: string;
            /**
             * Format: int64
             * @description How long it took to the first byte of the answer's body, in milliseconds.
             */
            first_byte_ms: number;
            /** @description Whether its bodies are kept. */
            has_bodies: boolean;
            /** @description Its headers `content-type`, `user-agent` and `accept`. */
            headers?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Its id; those that were stored later have greater ones.
             */
            id: number;
            /**
             * Format: int64
             * @description The upstream key that served it, by its id.
             */
            key?: number | null;
            /** @description Its method. */
            method: string;
            /** @description The model, as the upstream calls it. */
            model?: string | null;
            /** @description Its path and query; values of parameters that are named like secrets are hidden. */
            path: string;
            /**
             * @description Its id, which stands in the server's own log as well: the client's `x-request-id`, or else one that was made here. The answer
             *     has it as its `x-request-id`, unless the upstream told one of its own.
             */
            request_id?: string | null;
            /**
             * Format: int64
             * @description The service that stepped in and served, by its id.
             */
            served_by?: number | null;
            /**
             * Format: int64
             * @description The service that was asked, by its id.
             */
            service: number;
            /**
             * Format: int32
             * @description The status that the client was told; 499 where it went away before.
             */
            status: number;
            tokens?: components["schemas"]["LoggedTokens"] | null;
            /** @description The id of its trace, from the client's `traceparent`. */
            trace_id?: string | null;
        };
        /** @description A key in clear. */
        RevealedKey: {
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /** @description The secret. */
            key_value: string;
        };
        /** @description How a client key gets another value. */
        RotationBody: {
            /**
             * Format: int64
             * @description How long the old value opens the doors as well, in seconds: up to 30 days; 0 when absent.
             */
            grace_seconds?: number;
        };
        /** @description Who is logged in. */
        Session: {
            /** @description When the session, or the token, stops to work; never when absent. */
            expires_at?: string | null;
            /** @description What they may do: `viewer`, `operator` or `admin`. */
            role: string;
            /** @description A user's name, or `token:` and a token's name. */
            username: string;
        };
        /** @description How the server is. */
        Status: {
            /** @description Whether the database answers. */
            database: boolean;
            /**
             * Format: int64
             * @description How many requests this node has not logged since its start although their services log them: the database did not keep
             *     up.
             */
            lost_log_entries?: number;
            /** @description The nodes that share a cache, this one among them; empty while they cannot be asked. */
            nodes?: components["schemas"]["NodeStatus"][];
            /**
             * Format: int64
             * @description How many services there are.
             */
            services: number;
            /**
             * Format: int64
             * @description How long it has been running, in seconds.
             */
            uptime_seconds: number;
            /** @description The server's version. */
            version: string;
        };
        /** @description Whether a config is served. */
        StatusBody: {
            /** @description Whether the doors serve it. */
            is_active: boolean;
        };
        /** @description A key, its value masked. */
        UpstreamKey: {
            /** @description When it was added; RFC 3339. */
            created_at: string;
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /**
             * Format: int32
             * @description Its requests in flight.
             */
            in_flight: number;
            /** @description Whether it may be picked. */
            is_active: boolean;
            /** @description The first six and the last four characters of the secret. */
            key_value: string;
            /** @description What the operator calls it. */
            label?: string | null;
            /** @description Its own limits; an absent one follows the config's. */
            limits: components["schemas"]["Limits"];
            /** @description The models that it may serve, `*` in them for any text; all when empty. */
            models: string[];
            /**
             * Format: int64
             * @description The config whose pool it belongs to.
             */
            proxy_config_id: number;
            /** @description The keys with which it shares its upstream quota. */
            quota_group?: string | null;
            /**
             * @description `active`, `cooling` (limited for a while), `exhausted` (its quota or credit is used up), `dead` (the upstream refuses
             *     it) or `disabled`.
             */
            state: string;
            /** @description The model that the state concerns; all when absent. */
            state_model?: string | null;
            /** @description Since when; RFC 3339. */
            state_since?: string | null;
            /** @description Until when it is left alone or, for one that is dead or without credit, when it is tested next; RFC 3339. */
            state_until?: string | null;
            /**
             * Format: int32
             * @description Keys of a lower tier are used first.
             */
            tier: number;
            /** @description When it last changed; RFC 3339. */
            updated_at: string;
            /** @description Its version, whatever its state is: another one after each change. `ETag` has the same in quotes. */
            version?: string;
            /**
             * Format: int32
             * @description How often it is used under the strategy `weighted`, in proportion to the others.
             */
            weight: number;
        };
        /** @description Figures that belong together. What they are not kept apart by is absent. */
        UsageGroup: {
            /** @description When the stretch began; RFC 3339. */
            at?: string | null;
            /**
             * Format: int64
             * @description The client key's id; null for those in `GLOBAL_PROXY_KEYS`.
             */
            client?: number | null;
            /**
             * @description Each figure by its name; those that are not there are zero. `requests` were answered; `errors_client`, `errors_limited`
             *     (429), `errors_unavailable` (503), `errors_upstream`, `errors_timeout` (504) and `errors_aborted` (the client went away)
             *     are those of them that were errors. `attempts` were sent to upstreams; `attempts_limited`, `attempts_refused` and
             *     `attempts_failed` are those of them that were not served. `input_tokens` hold `cached_tokens` and
             *     `cache_written_tokens`, `output_tokens` hold `reasoning_tokens`; `uncounted` requests were served without a word about
             *     tokens. `cost_nanodollars` is the known cost in thousand-millionths of a US dollar; that of `unpriced` requests is not.
             *     `bytes_in` and `bytes_out` are those of bodies; `first_byte_millis` and `duration_millis` are sums over all requests.
             */
            figures: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description The upstream key's id; null for what no key had a part in.
             */
            key?: number | null;
            /** @description The model, as the upstream calls it; null for requests that name none. */
            model?: string | null;
            /**
             * Format: int64
             * @description The service's id.
             */
            service?: number | null;
        };
        /** @description Usage figures of a time. */
        UsageReport: {
            /** @description How long the stretches are whose figures were looked at: `minute`, `hour` or `day` (in UTC). */
            grain: string;
            /** @description The figures, in the order of what they are kept apart by. */
            groups: components["schemas"]["UsageGroup"][];
            /** @description Whether there are more groups than were asked for. */
            is_cut: boolean;
            /** @description The first stretch begins here or later; RFC 3339. */
            since: string;
            /** @description And all before this; RFC 3339. */
            until: string;
        };
        /** @description A webhook, without its secret. */
        Webhook: {
            /**
             * Format: int32
             * @description From which share on a budget is near its end, in percent.
             */
            budget_near_percent: number;
            /** @description When it was made; RFC 3339. */
            created_at: string;
            /** @description Of what it is told. */
            events: string[];
            /**
             * Format: int64
             * @description Its id.
             */
            id: number;
            /** @description Whether it is told anything. A receiver that answers 410 disables it. */
            is_enabled: boolean;
            /** @description What it is called. */
            name: string;
            /**
             * Format: int32
             * @description Below which share of usable keys a pool is low, in percent.
             */
            pool_low_percent: number;
            /** @description Until when the secret before the last rotation signs as well; RFC 3339. */
            previous_until?: string | null;
            /** @description The slugs of the configs of which it is told, `*` in them for any text; all when empty. */
            services: string[];
            /** @description When it last changed; RFC 3339. */
            updated_at: string;
            /** @description Where messages go. */
            url: string;
        };
        /** @description A webhook to make. Its secret is made by the server. */
        WebhookBody: {
            /**
             * Format: int32
             * @description A budget is near its end when this share of it is used, in percent: 1 to 100, 80 when absent.
             */
            budget_near_percent?: number | null;
            /** @description Of what it is told: `key.dead`, `pool.low`, `pool.empty`, `budget.near`; at least one. */
            events: string[];
            /** @description Whether it is told anything; yes when absent. */
            is_enabled?: boolean;
            /** @description What it is called: 1 to 100 characters. */
            name: string;
            /**
             * Format: int32
             * @description A pool is low when less than this share of its keys can serve, in percent: 1 to 100, 20 when absent.
             */
            pool_low_percent?: number | null;
            /**
             * @description The slugs of the configs of which it is told, `*` in them for any text, at most 100; all when absent or empty. Budgets are
             *     no config's: it is told of all.
             */
            services?: string[];
            /** @description Where messages go: an http or https URL without a user name and a password. */
            url: string;
        };
        /** @description A message to a webhook. */
        WebhookDelivery: {
            /**
             * Format: int32
             * @description How often it was sent.
             */
            attempts: number;
            /** @description When what it tells was found; RFC 3339. */
            created_at: string;
            /** @description Since when it does not wait any more; RFC 3339. */
            ended_at?: string | null;
            /** @description What it tells. */
            event: string;
            /**
             * Format: int64
             * @description Its id; `webhook-id` is this after `msg_`.
             */
            id: number;
            /** @description Why the last attempt failed. */
            last_error?: string | null;
            /**
             * Format: int32
             * @description The status of the last answer.
             */
            last_status?: number | null;
            /** @description When it is sent next, while it waits; RFC 3339. */
            next_at?: string | null;
            /** @description `waiting`, `delivered` or `failed`. */
            status: string;
        };
        /** @description What to change of a webhook; what is absent stays as it is. */
        WebhookPatch: {
            /**
             * Format: int32
             * @description From which share on a budget is near its end, in percent.
             */
            budget_near_percent?: number | null;
            /** @description Of what it is told. */
            events?: string[] | null;
            /** @description Whether it is told anything. */
            is_enabled?: boolean | null;
            /** @description What it is called. */
            name?: string | null;
            /**
             * Format: int32
             * @description Below which share of usable keys a pool is low, in percent.
             */
            pool_low_percent?: number | null;
            /** @description The slugs of the configs of which it is told; null or an empty list means all. */
            services?: string[] | null;
            /** @description Where messages go. */
            url?: string | null;
        };
        /** @description What came of a test. */
        WebhookTest: {
            /** @description Why the message was not taken. */
            error?: string | null;
            /** @description Whether the message was taken: the answer was 2xx. */
            is_delivered: boolean;
            /**
             * Format: int32
             * @description The status of the answer, if there was one.
             */
            status?: number | null;
            /**
             * Format: int64
             * @description How long it took, in milliseconds.
             */
            took_ms: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
